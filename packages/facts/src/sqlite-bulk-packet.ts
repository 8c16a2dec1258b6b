import type { FactType } from './model.ts';
import type { PutWrite } from './sqlite-block-insert.ts';

/** A column of a packet: the same in all rows, or the texts of all rows in one. */
type TextColumn = { readonly same: string | null } | { readonly joined: string };
/** The same for numbers. NaN stands for none. */
type NumberColumn = { readonly same: number } | { readonly each: Float64Array };

/**
 * Puts on their way to another thread. A few long texts are copied much more quickly than many objects, and most
 * columns say the same in every row.
 */
export interface BulkPacket {
  readonly rows: number;
  readonly texts: readonly TextColumn[];
  readonly numbers: readonly NumberColumn[];
}

// No text of a checked put holds NUL: the canonical form of a value writes it as an escape.
const SEPARATOR = '\0';
/** What reads the columns; `unpack` knows their order. A text that may be absent is never empty. */
const TEXTS: readonly ((put: PutWrite) => string | null)[] = [
  (put) => put.key.subject,
  (put) => put.content.value,
  (put) => put.content.contentHash,
  (put) => put.key.predicate,
  (put) => put.key.factType,
  (put) => put.key.valueKey,
  (put) => put.content.target,
  (put) => put.actor,
  (put) => put.reason,
  (put) => put.source,
];
const NUMBERS: readonly ((put: PutWrite) => number)[] = [
  (put) => put.validFrom ?? Number.NaN,
  (put) => put.validTo ?? Number.NaN,
  (put) => put.observedAt ?? Number.NaN,
  (put) => put.content.confidence ?? Number.NaN,
];

/** Packs puts that carry no condition and no idempotency key. */
export function packPuts(puts: readonly PutWrite[]): BulkPacket {
  return {
    rows: puts.length,
    texts: TEXTS.map((read) => textColumn(puts, read)),
    numbers: NUMBERS.map((read) => numberColumn(puts, read)),
  };
}

/** The puts of a packet, as they were packed. */
export function unpackPuts({ rows, texts, numbers }: BulkPacket): PutWrite[] {
  const read = texts.map((column) => readTexts(column, rows));
  const [subjects = [], values = [], hashes = [], predicates = [], factTypes = [], valueKeys = []] = read;
  const [targets = [], actors = [], reasons = [], sources = []] = read.slice(6);
  const [froms = [], tos = [], observed = [], confidences = []] = numbers.map((column) =>
    readNumbers(column, rows),
  );
  return subjects.map(
    (subject, row): PutWrite => ({
      key: {
        subject,
        predicate: predicates[row] ?? '',
        factType: factTypes[row] as FactType,
        valueKey: valueKeys[row] ?? '',
      },
      content: {
        value: values[row] ?? '',
        target: targets[row] || null,
        confidence: confidences[row] ?? null,
        contentHash: hashes[row] ?? '',
      },
      validFrom: froms[row],
      validTo: tos[row] ?? null,
      expected: undefined,
      actor: actors[row] ?? '',
      reason: reasons[row] ?? '',
      source: sources[row] || null,
      observedAt: observed[row],
      idempotency: null,
    }),
  );
}

function textColumn(puts: readonly PutWrite[], read: (put: PutWrite) => string | null): TextColumn {
  const texts = puts.map(read);
  const [same = null] = texts;
  return texts.every((text) => text === same) ? { same } : { joined: texts.join(SEPARATOR) };
}

function numberColumn(puts: readonly PutWrite[], read: (put: PutWrite) => number): NumberColumn {
  const numbers = puts.map(read);
  const [same = Number.NaN] = numbers;
  return numbers.every((number) => Object.is(number, same)) ? { same } : { each: Float64Array.from(numbers) };
}

function readTexts(column: TextColumn, rows: number): string[] {
  if ('joined' in column) return column.joined.split(SEPARATOR);
  return Array.from<string>({ length: rows }).fill(column.same ?? '');
}

function readNumbers(column: NumberColumn, rows: number): (number | undefined)[] {
  if ('each' in column)
    return Array.from(column.each, (number) => (Number.isNaN(number) ? undefined : number));
  const { same } = column;
  return Array.from<number | undefined>({ length: rows }).fill(Number.isNaN(same) ? undefined : same);
}
