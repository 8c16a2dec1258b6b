import type { Instant } from '@praxis/core';
import type { PostgresParam, PostgresSession } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { ANYTHING, OTHERS_WRITE } from './postgres-schema-6.ts';
import { stripesOfWrite } from './postgres-stripes.ts';
import type { PutWrite } from './validate.ts';
import { wordsOf } from './words.ts';

/** How long nobody else must have written for a put to keep them waiting while it commits, in microseconds. */
const ALONE_AFTER_US = 1_000_000;
/** After others were seen to write, how many puts go by without asking whether they still do. */
const PUTS_AMONG_OTHERS = 16;

const PARAMETERS = Array.from({ length: 22 }, (_, n) => `$${n + 1}`).join(', ');
const PUT = `SELECT fact_put(${PARAMETERS})`;

/** Who asks when. */
export interface PutInstants {
  readonly now: Instant;
  /** The last instant this program was given. */
  readonly given: Instant;
  /** Whether what ends at an instant has a place. */
  readonly isPrepared: (instant: Instant) => boolean;
}

/** Puts one fact in a transaction of its own; null when nothing was done because that takes more than one statement. */
export type SinglePut = (write: PutWrite, instants: PutInstants) => Promise<WriteOutcome | null>;

/** Puts by `fact_put` while nobody else writes: others would wait for the disk as often as this program does. */
export function createSinglePut(db: PostgresSession): SinglePut {
  let amongOthers = 0;
  return async (write, { now, given, isPrepared }) => {
    if (amongOthers > 0) {
      amongOthers -= 1;
      return null;
    }
    const recordedAt = Math.max(now, given + 1);
    // INVARIANT: the instant is later than all given out. Whatever the clock says is later than these.
    const lastMax = Math.max(given, now - ALONE_AFTER_US);
    const validFrom = write.validFrom ?? recordedAt;
    if (!isPrepared(recordedAt) || (write.validTo !== null && validFrom >= write.validTo)) return null;
    const params = paramsOf(write, { recordedAt, lastMax, validFrom });
    const [[answer = null] = []] = await db.query(PUT, params);
    if (answer === null) return null;
    if (answer === OTHERS_WRITE) {
      amongOthers = PUTS_AMONG_OTHERS;
      return null;
    }
    const seq = Number(answer);
    const { contentHash } = write.content;
    return { recordedAt, changed: seq > 0, factId: String(Math.abs(seq)), contentHash };
  };
}

function paramsOf(
  write: PutWrite,
  when: { recordedAt: Instant; lastMax: Instant; validFrom: Instant },
): PostgresParam[] {
  const { key, content, idempotency } = write;
  const [stripe = 0, other = null] = stripesOfWrite(write).sort((a, b) => a - b);
  return [
    stripe,
    other,
    when.recordedAt,
    when.lastMax,
    key.subject,
    key.predicate,
    key.factType,
    key.valueKey,
    when.validFrom,
    write.validTo,
    write.expected === undefined ? ANYTHING : write.expected,
    `\\x${content.contentHash}`,
    content.value,
    content.target,
    content.confidence,
    write.actor,
    write.reason,
    write.source,
    write.observedAt ?? when.recordedAt,
    arrayText(wordsOf(key.subject, key.predicate, content.value)),
    idempotency?.key ?? null,
    idempotency?.digest ?? null,
  ];
}

/** Words as PostgreSQL reads an array of texts: there are but letters and digits in them. */
function arrayText(words: readonly string[]): string {
  return words.length === 0 ? '{}' : `{"${words.join('","')}"}`;
}
