import type { Pattern, PatternElement, Segment } from './pattern.ts';

const SLASH = 0x2f;

/**
 * True when the whole of `value` matches. Each segment is placed at its earliest possible position and never moved, so the
 * time is linear in the length of the value for any pattern.
 */
export function matchesPattern(pattern: Pattern, value: string): boolean {
  switch (pattern.shape) {
    case 'everything':
      return true;
    case 'exact':
      return value === pattern.literal;
    case 'prefix':
      return value.startsWith(pattern.literal);
    case 'suffix':
      return value.endsWith(pattern.literal);
    case 'general':
    default:
      return matchesSegments(pattern, value);
  }
}

// INVARIANT: the segment before a `components` gap ends in a slash or is the start, so every later place the gap could
// begin at is also a place it may end at; placing each segment as early as possible therefore loses no match.
function matchesSegments(pattern: Pattern, value: string): boolean {
  const { segments, isOpen } = pattern;
  let from = 0;
  for (let index = 0; index < segments.length; index += 1) {
    const segment = segments[index] as Segment;
    if (!isOpen && index === segments.length - 1) return matchesEnd(segment, value, from);
    const end = placeSegment(segment, value, from);
    if (end < 0) return false;
    from = end;
  }
  return isOpen || from === value.length;
}

/** The end of the earliest place of `segment` at or after `from`, or -1. */
function placeSegment(segment: Segment, value: string, from: number): number {
  if (segment.gap === 'start') return matchAt(segment, value, from);
  if (segment.gap === 'run' && segment.text !== null) {
    const start = value.indexOf(segment.text, from);
    return start < 0 ? -1 : start + segment.text.length;
  }
  if (segment.text !== null) return placeComponents(segment.text, value, from);
  for (let start = from; start <= value.length; ) {
    const end = matchAt(segment, value, start);
    if (end >= 0) return end;
    if (segment.gap === 'run') start += 1;
    else {
      const slash = value.indexOf('/', start);
      if (slash < 0) return -1;
      start = slash + 1;
    }
  }
  return -1;
}

/** The end of the first `text` that begins at `from` or after a slash, or -1. */
export function placeComponents(text: string, value: string, from: number): number {
  for (let start = value.indexOf(text, from); start >= 0; start = value.indexOf(text, start + 1)) {
    if (start === from || value.charCodeAt(start - 1) === SLASH) return start + text.length;
  }
  return -1;
}

function matchesEnd(segment: Segment, value: string, from: number): boolean {
  if (segment.gap === 'start') return matchAt(segment, value, from) === value.length;
  const start = matchBefore(segment, value);
  if (start < from) return false;
  return segment.gap === 'run' || start === from || value[start - 1] === '/';
}

function matchAt(segment: Segment, value: string, start: number): number {
  if (segment.text !== null) return value.startsWith(segment.text, start) ? start + segment.text.length : -1;
  if (isInsidePair(value, start)) return -1;
  let at = start;
  for (const element of segment.elements) {
    const codePoint = value.codePointAt(at);
    if (codePoint === undefined || !accepts(element, codePoint)) return -1;
    at += codePoint > 0xffff ? 2 : 1;
  }
  return at;
}

/** Where the segment begins when it ends at the end of `value`, or -1. */
function matchBefore(segment: Segment, value: string): number {
  if (segment.text !== null) return value.endsWith(segment.text) ? value.length - segment.text.length : -1;
  let at = value.length;
  for (let index = segment.elements.length - 1; index >= 0; index -= 1) {
    if (at === 0) return -1;
    at -= isInsidePair(value, at - 1) ? 2 : 1;
    if (!accepts(segment.elements[index] as PatternElement, value.codePointAt(at) ?? -1)) return -1;
  }
  return at;
}

function accepts(element: PatternElement, codePoint: number): boolean {
  if (element.kind === 'any') return true;
  if (element.kind === 'literal') return element.codePoint === codePoint;
  const isMember = element.ranges.some(([low, high]) => low <= codePoint && codePoint <= high);
  return isMember !== element.negated;
}

function isInsidePair(value: string, at: number): boolean {
  const unit = value.charCodeAt(at);
  if (unit < 0xdc00 || unit > 0xdfff || at === 0) return false;
  const before = value.charCodeAt(at - 1);
  return before >= 0xd800 && before <= 0xdbff;
}
