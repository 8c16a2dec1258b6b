import { keySensitivity } from './key-names.ts';
import { matchesOf } from './matches.ts';
import type { Span } from './spans.ts';

const INSERT =
  /\b(?:INSERT|REPLACE)\s{1,4}(?:IGNORE\s{1,4})?INTO\s{1,4}[^\s(]{1,128}\s{0,4}\(([^()]{1,2048})\)\s{0,4}VALUES\s{0,4}(?=\()/gi;
const VALUE =
  /\s{0,16}(?:[NE]?'((?:[^'\\]|\\.|''){0,4096})'|([^,()']{0,256}(?:\([^()]{0,256}\))?))\s{0,16}([,)])/dsy;
const NEXT_ROW = /\s{0,16},\s{0,16}(?=\()/y;

/** Spans of the values that an SQL `INSERT` puts into columns with secret names. */
export function insertedSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const match of matchesOf(text, INSERT)) {
    const isSecret = (match[1] as string)
      .split(',')
      .map((column) => keySensitivity(column.trim()) === 'secret');
    if (isSecret.includes(true)) spans.push(...rowSpans(text, match.index + match[0].length, isSecret));
  }
  return spans;
}

function rowSpans(text: string, from: number, isSecret: readonly boolean[]): Span[] {
  const spans: Span[] = [];
  let at = from;
  let column = 0;
  while (text[at] === '(' || column > 0) {
    VALUE.lastIndex = column === 0 ? at + 1 : at;
    const value = VALUE.exec(text);
    if (value === null) break;
    const [start, end] = value.indices?.[1] ?? value.indices?.[2] ?? [0, 0];
    if (isSecret[column] === true && end > start) spans.push({ start, end });
    at = VALUE.lastIndex;
    column += 1;
    if (value[3] === ',') continue;
    NEXT_ROW.lastIndex = at;
    const next = NEXT_ROW.exec(text);
    if (next === null) break;
    at = NEXT_ROW.lastIndex;
    column = 0;
  }
  return spans;
}
