import type { Span } from './spans.ts';

/** Shorter runs are no encoded text worth reading. */
export const RUN_CHARS_MIN = 16;

const RUN_CLASS = new Uint8Array(128);
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-')
  RUN_CLASS[char.charCodeAt(0)] = 1;

/** Maximal runs of base64 and base64url characters, at least {@link RUN_CHARS_MIN} long, without their padding. */
export function encodedRuns(text: string): Span[] {
  const runs: Span[] = [];
  let start = -1;
  for (let at = 0; at <= text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 128 && RUN_CLASS[code] === 1) {
      if (start === -1) start = at;
    } else if (start !== -1) {
      if (at - start >= RUN_CHARS_MIN) runs.push({ start, end: at });
      start = -1;
    }
  }
  return runs;
}
