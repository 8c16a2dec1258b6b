import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Instant } from '@praxis/core';
import { formatInstant, isTier, tierRank, type Tier } from '@praxis/core';
import { parseLine } from '../line.ts';
import { LineReader, type LineTaker } from '../log/read-lines.ts';
import { type DamageTally, finishReading } from './damage.ts';
import { ledgerError } from '../errors.ts';
import { listSegments } from '../log/segments.ts';
import { dirname } from 'node:path';
import type { StoredRecord } from '../record.ts';
import { jsonString } from '../safe-json.ts';

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
 * The records of a log, all segments, oldest first, that fit a filter. Lines that are no records are passed over,
 * and counted in `damage`. Throws `LEDGER_UNREADABLE` when there is no log.
 */
export async function* searchLedger(
  path: string,
  filter: RecordFilter = {},
  damage?: DamageTally,
): AsyncGenerator<FoundRecord> {
  const segments = existsSync(dirname(path)) ? listSegments(path) : [];
  if (segments.length === 0)
    throw ledgerError('LEDGER_UNREADABLE', `there is no ledger at \`${path}\``, { fields: { path } });
  const fits = matcher(filter);
  const mayFit = lineMatcher(filter);
  for (const segment of segments) {
    let found: FoundRecord[] = [];
    damage?.enter(segment.path);
    const pieces = readPieces(segment.path, {
      line: (line, offset) => {
        const record = mayFit(line) ? parseLine(line) : null;
        damage?.line(line, offset, record);
        if (record !== null && typeof record !== 'string' && fits(record)) found.push(record as FoundRecord);
      },
      fragment: (bytes, offset) => damage?.fragment(bytes, offset),
    });
    for await (const _ of pieces) {
      yield* found;
      found = [];
    }
  }
}

/** Reads a file up to where it ended when the reading began; pauses after each piece that was handed over. */
async function* readPieces(path: string, taker: LineTaker): AsyncGenerator<void> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const reader = new LineReader(0, taker);
    while (reader.at < size) {
      const bytesRead = await reader.readFrom(file, size);
      if (bytesRead === 0) break;
      reader.take(bytesRead);
      yield;
    }
    await finishReading(reader, file);
    yield;
  } finally {
    await file.close();
  }
}

/** The members that a filter names by their value, with the value. */
function wantedMembers(filter: RecordFilter): [keyof StoredRecord, string][] {
  const members: [keyof StoredRecord, string | undefined][] = [
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
  return members.filter((member): member is [keyof StoredRecord, string] => member[1] !== undefined);
}

/** What the end of a line looks like from its time on; everything in it has a fixed length. */
const TIME_TO_END = /^"ts":"([0-9TZ:.-]{27})","v":1,"entry_hash":"[^"]{64}"\}$/;
const TIME_TO_END_BYTES = 121;

/**
 * Whether a line can be a record that fits: most that do not are told by their bytes, which is many times
 * faster than parsing them. A record has only one spelling, so that each wanted member stands in its line.
 */
function lineMatcher(filter: RecordFilter): (line: Buffer) => boolean {
  const texts = wantedMembers(filter).map(([key, value]) => `"${key}":${jsonString(value)}`);
  if (filter.contains !== undefined) texts.push(filter.contains);
  const pieces = texts.map((text) => Buffer.from(text));
  const inPeriod = periodOf(filter);
  return (line) => {
    if (inPeriod !== null) {
      const ts = TIME_TO_END.exec(line.toString('latin1', Math.max(0, line.length - TIME_TO_END_BYTES)))?.[1];
      if (ts === undefined || !inPeriod(ts)) return false;
    }
    return pieces.every((piece) => line.includes(piece));
  };
}

/** Instants are written with fixed width in UTC, so that their texts sort as they do. */
function periodOf({ since, until }: RecordFilter): ((ts: string) => boolean) | null {
  if (since === undefined && until === undefined) return null;
  const from = since === undefined ? '' : formatInstant(since);
  const before = until === undefined ? '~' : formatInstant(until);
  return (ts) => ts >= from && ts < before;
}

function matcher(filter: RecordFilter): (record: StoredRecord) => boolean {
  const { tierAtLeast } = filter;
  const wanted = wantedMembers(filter);
  const inPeriod = periodOf(filter);
  return (record) => {
    if (inPeriod !== null && !inPeriod(record.ts)) return false;
    if (tierAtLeast !== undefined && !(isTier(record.tier) && tierRank(record.tier) >= tierRank(tierAtLeast)))
      return false;
    return wanted.every(([key, value]) => record[key] === value);
  };
}
