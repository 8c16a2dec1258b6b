import type { FactType } from './model.ts';
import { FOREVER } from './timeline.ts';
import type { PutWrite } from './validate.ts';

/** The texts of all rows, or the one that all have. An empty text stands for none where there may be none. */
export type TextColumn = { readonly same: string } | { readonly each: readonly string[] };
/** The same for numbers. NaN stands for none. */
export type NumberColumn = { readonly same: number } | { readonly each: Float64Array };

/** What of a put is a text. */
export const TEXT_COLUMNS = {
  subject: (put: PutWrite): string => put.key.subject,
  value: (put: PutWrite): string => put.content.value,
  predicate: (put: PutWrite): string => put.key.predicate,
  factType: (put: PutWrite): string => put.key.factType,
  valueKey: (put: PutWrite): string => put.key.valueKey,
  target: (put: PutWrite): string => put.content.target ?? '',
  actor: (put: PutWrite): string => put.actor,
  reason: (put: PutWrite): string => put.reason,
  source: (put: PutWrite): string => put.source ?? '',
} as const;
/** What of a put is a number. */
export const NUMBER_COLUMNS = {
  validFrom: (put: PutWrite): number => put.validFrom ?? Number.NaN,
  validTo: (put: PutWrite): number => put.validTo ?? Number.NaN,
  observedAt: (put: PutWrite): number => put.observedAt ?? Number.NaN,
  confidence: (put: PutWrite): number => put.content.confidence ?? Number.NaN,
} as const;

export type TextName = keyof typeof TEXT_COLUMNS;
export type NumberName = keyof typeof NUMBER_COLUMNS;

export const CONTENT_HASH_BYTES = 32;

/** Puts that carry no condition and no idempotency key, column by column: mostly they say the same in every row. */
export interface PutColumns {
  readonly rows: number;
  /** `CONTENT_HASH_BYTES` for each row. */
  readonly contentHashes: Buffer;
  readonly texts: Readonly<Record<TextName, TextColumn>>;
  readonly numbers: Readonly<Record<NumberName, NumberColumn>>;
}

/** The columns of some puts. */
export function columnsOf(puts: readonly PutWrite[]): PutColumns {
  return {
    rows: puts.length,
    contentHashes: Buffer.from(puts.map(({ content }) => content.contentHash).join(''), 'hex'),
    texts: mapColumns(TEXT_COLUMNS, (read) => textColumn(puts, read)),
    numbers: mapColumns(NUMBER_COLUMNS, (read) => numberColumn(puts, read)),
  };
}

/** The text of a row. */
export function textAt(column: TextColumn, row: number): string {
  return 'each' in column ? (column.each[row] ?? '') : column.same;
}

/** The number of a row, or NaN. */
export function numberAt(column: NumberColumn, row: number): number {
  return 'each' in column ? (column.each[row] ?? Number.NaN) : column.same;
}

/** The put of a row. */
export function putAt({ contentHashes, texts, numbers }: PutColumns, row: number): PutWrite {
  const text = (name: TextName): string => textAt(texts[name], row);
  const number = (name: NumberName): number | undefined => {
    const found = numberAt(numbers[name], row);
    return Number.isNaN(found) ? undefined : found;
  };
  const at = row * CONTENT_HASH_BYTES;
  return {
    key: {
      subject: text('subject'),
      predicate: text('predicate'),
      factType: text('factType') as FactType,
      valueKey: text('valueKey'),
    },
    content: {
      value: text('value'),
      target: text('target') || null,
      confidence: number('confidence') ?? null,
      contentHash: contentHashes.toString('hex', at, at + CONTENT_HASH_BYTES),
    },
    validFrom: number('validFrom'),
    validTo: number('validTo') ?? null,
    expected: undefined,
    actor: text('actor'),
    reason: text('reason'),
    source: text('source') || null,
    observedAt: number('observedAt'),
    idempotency: null,
  };
}

/** Whether a row ends at the latest when it begins, which is refused. One that begins now begins at `recordedAt`. */
export function isEmptyAt({ numbers }: PutColumns, row: number, recordedAt: number): boolean {
  const to = numberAt(numbers.validTo, row);
  if (Number.isNaN(to) || to === FOREVER) return false;
  const from = numberAt(numbers.validFrom, row);
  return (Number.isNaN(from) ? recordedAt : from) >= to;
}

/** Does something with every column. */
export function mapColumns<Name extends string, From, To>(
  columns: Readonly<Record<Name, From>>,
  work: (column: From) => To,
): Record<Name, To> {
  return Object.fromEntries(
    Object.entries<From>(columns).map(([name, column]) => [name, work(column)]),
  ) as Record<Name, To>;
}

function textColumn(puts: readonly PutWrite[], read: (put: PutWrite) => string): TextColumn {
  const [first] = puts;
  const same = first === undefined ? '' : read(first);
  return puts.every((put) => read(put) === same) ? { same } : { each: puts.map(read) };
}

function numberColumn(puts: readonly PutWrite[], read: (put: PutWrite) => number): NumberColumn {
  const [first] = puts;
  const same = first === undefined ? Number.NaN : read(first);
  return puts.every((put) => Object.is(read(put), same))
    ? { same }
    : { each: Float64Array.from(puts.map(read)) };
}
