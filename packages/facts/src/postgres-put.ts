import type { Instant } from '@praxis/core';
import type { PostgresDatabase, PostgresParam, PostgresSession } from '@praxis/storage';

import type { WriteOutcome } from './backend.ts';
import { ANYTHING, OTHERS_WRITE } from './postgres-schema-6.ts';
import { stripesOfWrite } from './postgres-stripes.ts';
import type { Write, WriteContent } from './validate.ts';
import { wordsOf } from './words.ts';

/** How long nobody else must have written for a put to keep them waiting while it commits, in microseconds. */
const ALONE_AFTER_US = 1_000_000;
/** After others were seen to write, how many puts go by without asking whether they still do. */
const PUTS_AMONG_OTHERS = 16;

const PARAMETERS = Array.from({ length: 24 }, (_, n) => `$${n + 1}`).join(', ');
const PUT = `SELECT fact_put(${PARAMETERS})`;

/** The instants at which a put may be recorded. */
export interface PutInstants {
  readonly now: Instant;
  /** The last instant this program was given. */
  readonly given: Instant;
  /** It is recorded at one in this period, or not in this way. */
  readonly from: Instant;
  readonly before: Instant;
}

/** Puts one fact in a transaction of its own; null when nothing was done because that takes more than one statement. */
export type SinglePut = (
  write: Write & { content: WriteContent },
  instants: PutInstants,
) => Promise<WriteOutcome | null>;

/** Puts by `fact_put` while nobody else writes: others would wait for the disk as often as this program does. */
export function createSinglePut(db: PostgresDatabase): SinglePut {
  let amongOthers = 0;
  return async (write, instants) => {
    if (amongOthers > 0) {
      amongOthers -= 1;
      return null;
    }
    const said = await ask(db, write, instants);
    if (said === OTHERS_WRITE) amongOthers = PUTS_AMONG_OTHERS;
    return said === null || said === OTHERS_WRITE ? null : outcomeOf(said, write.content.contentHash);
  };
}

async function ask(
  session: PostgresSession,
  write: Write & { content: WriteContent },
  { now, given, from, before }: PutInstants,
): Promise<string | null> {
  const { key, content, idempotency } = write;
  const [stripe = 0, other = null] = stripesOfWrite(write).sort((a, b) => a - b);
  const words = wordsOf(key.subject, key.predicate, content.value);
  const when = [Math.max(now, given + 1), Math.max(given, now - ALONE_AFTER_US), from, before];
  const period = [write.validFrom ?? null, write.validTo];
  const expected = write.expected === undefined ? ANYTHING : write.expected;
  const said = [content.value, content.target, content.confidence, write.actor, write.reason, write.source];
  const once = [idempotency?.key ?? null, idempotency?.digest ?? null];
  const ofKey = [key.subject, key.predicate, key.factType, key.valueKey];
  const params: PostgresParam[] = [stripe, other, ...when, ...ofKey, ...period, expected];
  params.push(`\\x${content.contentHash}`, ...said, write.observedAt ?? null, arrayText(words), ...once);
  const [row] = await session.query(PUT, params);
  return (row?.[0] ?? null) as string | null;
}

/** Words as PostgreSQL reads an array of texts: there are but letters and digits in them. */
function arrayText(words: readonly string[]): string {
  return words.length === 0 ? '{}' : `{"${words.join('","')}"}`;
}

function outcomeOf(said: string, contentHash: string): WriteOutcome {
  const [first, second] = [said.indexOf(' '), said.lastIndexOf(' ')];
  return {
    recordedAt: Number(said.slice(0, first)),
    changed: said.endsWith('true'),
    factId: said.slice(first + 1, second),
    contentHash,
  };
}
