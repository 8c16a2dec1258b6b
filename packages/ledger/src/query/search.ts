import { createReadStream } from 'node:fs';
import type { Instant } from '@praxis/core';
import { formatInstant, isTier, tierRank, type Tier } from '@praxis/core';
import { parseLine } from '../line.ts';
import { LINE_BYTES_MAX } from '../line.ts';
import { ledgerError } from '../errors.ts';
import { listSegments } from '../log/segments.ts';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { StoredRecord } from '../record.ts';

/** Which records are wanted; a record must fit every part that is given. */
export interface RecordFilter {
  /** Half-open: from `since`, before `until`. */
  readonly since?: Instant | undefined;
  readonly until?: Instant | undefined;
  readonly tool?: string | undefined;
  readonly host?: string | undefined;
  readonly target?: string | undefined;
  readonly decision?: string | undefined;
  readonly kind?: string | undefined;
  readonly reason?: string | undefined;
  readonly principal?: string | undefined;
  /** This tier exactly, or this tier and those above. */
  readonly tier?: Tier | undefined;
  readonly tierAtLeast?: Tier | undefined;
  readonly actionId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly traceId?: string | undefined;
  /** A text that occurs anywhere in the stored line. */
  readonly contains?: string | undefined;
}

/** A record as it is stored, its own digest included. */
export interface FoundRecord extends StoredRecord {
  readonly entry_hash: string;
}

/**
 * The records of a log, all segments, oldest first, that fit a filter. Lines that are no records (torn
 * ones) are passed over: verifying is what tells about those. Throws `LEDGER_UNREADABLE` when there is
 * no log.
 */
export async function* searchLedger(path: string, filter: RecordFilter = {}): AsyncGenerator<FoundRecord> {
  const segments = existsSync(dirname(path)) ? listSegments(path) : [];
  if (segments.length === 0)
    throw ledgerError('LEDGER_UNREADABLE', `there is no ledger at \`${path}\``, { fields: { path } });
  const fits = matcher(filter);
  for (const segment of segments) {
    for await (const line of linesOf(segment.path)) {
      if (filter.contains !== undefined && !line.includes(filter.contains)) continue;
      const record = parseLine(line);
      if (typeof record !== 'string' && fits(record)) yield record as FoundRecord;
    }
  }
}

async function* linesOf(path: string): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576 }) as AsyncIterable<Buffer>) {
    const bytes: Buffer = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
      yield bytes.subarray(start, end);
      start = end + 1;
    }
    held = bytes.subarray(start);
    // What is longer than any record is none; the rest of it will not parse either.
    if (held.length > LINE_BYTES_MAX) held = Buffer.alloc(0);
  }
}

function matcher(filter: RecordFilter): (record: StoredRecord) => boolean {
  const { since, until, tierAtLeast } = filter;
  // Instants are written with fixed width in UTC, so that their texts sort as they do.
  const from = since === undefined ? null : formatInstant(since);
  const before = until === undefined ? null : formatInstant(until);
  const wanted: [keyof StoredRecord, string | undefined][] = [
    ['tool', filter.tool],
    ['host', filter.host],
    ['target', filter.target],
    ['decision', filter.decision],
    ['kind', filter.kind],
    ['reason', filter.reason],
    ['principal', filter.principal],
    ['tier', filter.tier],
    ['action_id', filter.actionId],
    ['session_id', filter.sessionId],
    ['trace_id', filter.traceId],
  ];
  const equal = wanted.filter(([, value]) => value !== undefined);
  return (record) => {
    if (from !== null && record.ts < from) return false;
    if (before !== null && record.ts >= before) return false;
    if (tierAtLeast !== undefined && !(isTier(record.tier) && tierRank(record.tier) >= tierRank(tierAtLeast)))
      return false;
    return equal.every(([key, value]) => record[key] === value);
  };
}
