import { keySensitivity } from './key-names.ts';
import type { Span } from './spans.ts';

/** A heading longer than this is not read as the names of columns. */
export const HEADING_CHARS_MAX = 2048;

const HEADING = /^[ \t"']*[A-Za-z_][\w "'.-]{0,63}(?:[,;\t|][ \t]*["']?[A-Za-z_][\w "'.-]{0,63})+\r?$/;

/** Spans of the values below a secret column's name in comma-, semicolon-, tab- or bar-separated text. */
export function delimitedSpans(text: string): Span[] {
  const headingEnd = text.indexOf('\n');
  if (headingEnd === -1 || headingEnd > HEADING_CHARS_MAX) return [];
  const heading = text.slice(0, headingEnd);
  const delimiter = /[,;\t|]/.exec(heading)?.[0];
  if (delimiter === undefined || !HEADING.test(heading)) return [];
  const names = heading.split(delimiter);
  const columns = new Set<number>();
  names.forEach((name, column) => {
    if (keySensitivity(name.trim()) === 'secret') columns.add(column);
  });
  return columns.size === 0
    ? []
    : rowSpans(text, headingEnd + 1, { delimiter, columns, count: names.length });
}

interface Table {
  readonly delimiter: string;
  readonly columns: ReadonlySet<number>;
  readonly count: number;
}

function rowSpans(text: string, from: number, table: Table): Span[] {
  const spans: Span[] = [];
  for (let at = from; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline === -1 ? text.length : newline;
    const fields = fieldSpans(text, { start: at, end }, table.delimiter);
    if (fields.length !== table.count) break;
    for (const column of table.columns) {
      const field = fields[column] as Span;
      if (field.end > field.start) spans.push(field);
    }
    at = end + 1;
  }
  return spans;
}

// The fields of one line, quotes respected and, like the white space around, left outside.
function fieldSpans(text: string, line: Span, delimiter: string): Span[] {
  const fields: Span[] = [];
  let start = line.start;
  let quoted = false;
  for (let at = line.start; at <= line.end; at += 1) {
    if (at < line.end && text[at] === '"') quoted = !quoted;
    if (at < line.end && (quoted || text[at] !== delimiter)) continue;
    fields.push(trimmed(text, { start, end: at }));
    start = at + 1;
  }
  return fields;
}

function trimmed(text: string, field: Span): Span {
  let { start, end } = field;
  while (start < end && /[\s"]/.test(text[start] as string)) start += 1;
  while (end > start && /[\s"]/.test(text[end - 1] as string)) end -= 1;
  return { start, end };
}
