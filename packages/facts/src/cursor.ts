import { type Instant, sha256Hex } from '@praxis/core';

import { CURSOR_LENGTH_MAX } from './bounds.ts';
import { canonicalOf } from './conditions.ts';
import { FactError } from './errors.ts';

/**
 * Where a page ended. It names the last row looked at by its id alone: the row may be one the reader
 * must not see.
 */
export interface CursorState {
  readonly afterFactId: string;
  readonly now: Instant;
  readonly recordedAt: Instant;
  readonly snapshot: string | null;
}

/**
 * A short digest that ties a cursor to its question (without the page options). Throws `FACT_QUERY_INVALID` for a
 * question that holds what is no JSON.
 */
export function questionDigest(kind: string, question: object): string {
  const {
    limit: _limit,
    cursor: _cursor,
    allowRestricted: _allow,
    ...rest
  } = question as Record<string, unknown>;
  return sha256Hex(`${kind}\n${canonicalOf('question', rest)}`).slice(0, 16);
}

/** The opaque text of a cursor. */
export function encodeCursor(digest: string, state: CursorState): string {
  const fields = [digest, state.afterFactId, state.now, state.recordedAt, state.snapshot];
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

/** Throws `FACT_CURSOR_INVALID` for anything that is not a cursor of this very question. */
export function decodeCursor(digest: string, cursor: string): CursorState {
  const [found, afterFactId, now, recordedAt, snapshot] = parseFields(cursor);
  const valid =
    found === digest &&
    typeof afterFactId === 'string' &&
    /^\d{1,16}$/.test(afterFactId) &&
    Number.isSafeInteger(now) &&
    Number.isSafeInteger(recordedAt) &&
    (snapshot === null || (typeof snapshot === 'string' && isSnapshot(snapshot)));
  if (!valid) throw cursorInvalid();
  return { afterFactId, now: now as Instant, recordedAt: recordedAt as Instant, snapshot };
}

/** Up to when all is settled, and PostgreSQL's `xmin:xmax:xips`: its numbers grow from the first to those before the second. */
function isSnapshot(text: string): boolean {
  const found = /^\d{1,16}:(\d{1,18}):(\d{1,18}):([\d,]{0,4000})$/.exec(text);
  if (found === null) return false;
  const [, xmin = '', xmax = '', under = ''] = found;
  const numbers = [xmin, ...(under === '' ? [] : under.split(','))].map(Number);
  const grow = numbers.every((number, n) => number > 0 && (n === 0 || number >= (numbers[n - 1] ?? 0)));
  return grow && Number(xmax) >= (numbers.at(-1) ?? 0) + (under === '' ? 0 : 1);
}

function parseFields(cursor: string): unknown[] {
  if (typeof cursor !== 'string' || cursor.length > CURSOR_LENGTH_MAX) throw cursorInvalid();
  try {
    const fields: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(fields)) return fields;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw cursorInvalid();
}

function cursorInvalid(): FactError {
  return new FactError('FACT_CURSOR_INVALID', 'the cursor does not belong to this question');
}
