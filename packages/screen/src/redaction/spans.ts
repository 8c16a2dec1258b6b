import { REDACTED } from './marker.ts';

/** A stretch of text to be replaced, half-open, in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Replaces every span by the marker; overlapping and touching spans become one marker. */
export function applySpans(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  const ordered = [...spans].sort((a, b) => a.start - b.start || b.end - a.end);
  const parts: string[] = [];
  let written = 0;
  let index = 0;
  while (index < ordered.length) {
    const first = ordered[index++] as Span;
    let end = first.end;
    while (index < ordered.length && (ordered[index] as Span).start <= end) {
      end = Math.max(end, (ordered[index++] as Span).end);
    }
    if (end <= first.start) continue;
    parts.push(text.slice(written, first.start), REDACTED);
    written = end;
  }
  parts.push(text.slice(written));
  return parts.join('');
}

/** A lookup for sorted, non-overlapping spans: whether a position lies inside one. */
export function insideSpan(spans: readonly Span[], position: number): boolean {
  let low = 0;
  let high = spans.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const span = spans[middle] as Span;
    if (position < span.start) high = middle - 1;
    else if (position >= span.end) low = middle + 1;
    else return true;
  }
  return false;
}
