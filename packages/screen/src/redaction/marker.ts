/** What stands in the place of every secret. */
export const REDACTED = '[REDACTED]';

/** What stands in the place of a value nested deeper than the depth bound. */
export const TOO_DEEP = '[TOO DEEP]';

/** What stands in the place of everything beyond a size bound. */
export const TRUNCATED = '[TRUNCATED]';

/** What stands in the place of a reference to an enclosing value. */
export const CYCLE = '[CYCLE]';

/** What stands in the place of a value that threw when it was read. */
export const UNREADABLE = '[UNREADABLE]';

/** What stands in the place of bytes, functions and symbols: nothing of them is shown. */
export const OPAQUE = '[OPAQUE]';

const MARKERS: ReadonlySet<unknown> = new Set([REDACTED, TOO_DEEP, TRUNCATED, CYCLE, UNREADABLE, OPAQUE]);

/** Whether a value is one of the markers, and so already says all it may say. */
export function isMarker(value: unknown): boolean {
  return MARKERS.has(value);
}
