import { matchesOf } from './matches.ts';
import type { Span } from './spans.ts';

// Terminal control sequences (CSI and OSC, raw or written as an escape) and characters of no width.
const IGNORABLE =
  // eslint-disable-next-line no-control-regex -- the escape character is what begins a control sequence.
  /(?:(?:\u001b|\\u001[bB]|\\x1[bB]|\\e|\\033)\[|\u009b)[0-9;:?<=>]{0,64}[ -/]{0,4}[@-~]|\u001b\][^\u0007\u001b\n]{0,2048}(?:\u0007|\u001b\\)|[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]/g;

/** A text without what a reader does not see, and the way back to the original. */
export interface VisibleText {
  readonly text: string;
  /** Where a span of the visible text stands in the original. */
  readonly toOriginal: (span: Span) => Span;
}

/** The visible part of a text, or null when all of it is visible. */
export function visibleText(text: string): VisibleText | null {
  const kept: Span[] = [];
  const starts: number[] = [];
  let from = 0;
  let length = 0;
  for (const match of matchesOf(text, IGNORABLE)) {
    if (match.index > from) {
      kept.push({ start: from, end: match.index });
      starts.push(length);
      length += match.index - from;
    }
    from = match.index + match[0].length;
  }
  if (from === 0) return null;
  kept.push({ start: from, end: text.length });
  starts.push(length);
  const original = (position: number): number => {
    const piece = lastAtMost(starts, position);
    return (kept[piece] as Span).start + position - (starts[piece] as number);
  };
  return {
    text: kept.map(({ start, end }) => text.slice(start, end)).join(''),
    toOriginal: ({ start, end }) => ({ start: original(start), end: original(end - 1) + 1 }),
  };
}

function lastAtMost(sorted: readonly number[], position: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sorted[middle] as number) <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}
