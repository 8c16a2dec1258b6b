import { existsSync } from 'node:fs';
import { type Instant, parseInstant } from '@praxis/core';
import { isWhole } from './chain-walk.ts';
import { Checkpointer } from './evidence/checkpointer.ts';
import { Evidence, evidencePathOf, type LastCheckpoint } from './evidence/evidence.ts';
import { readLastCheckpoint } from './evidence/last-checkpoint.ts';
import { type LedgerError, ledgerError } from './errors.ts';
import type { LedgerOptions } from './ledger.ts';
import { ChainedLog } from './log/chained-log.ts';
import { listSegments, stemOf } from './log/segments.ts';
import type { EvidenceHeader } from './own-entries.ts';
import { readLinesAt } from './query/locate.ts';
import { type LineSource, SinkFeed } from './sinks/sink.ts';
import { SinkPlaces } from './sinks/sink-places.ts';
import { TileWriter } from './tree/tiles.ts';

/** How many records may wait for the disk before callers are refused. */
export const QUEUE_RECORDS_MAX = 16_384;
/** What an origin may be called: it becomes the name of a signing key. */
const ORIGIN_ID = /^[A-Za-z0-9._:/-]{1,100}$/;

/** The parts of an open ledger. */
export interface OpenedLog {
  readonly log: ChainedLog;
  readonly evidence: Evidence | null;
  readonly checkpointer: Checkpointer | null;
  readonly tiles: TileWriter;
  readonly feeds: readonly SinkFeed[];
  readonly places: SinkPlaces;
  /** Where the segment that is written on begins: its first `seq`, and when. */
  readonly segment: { readonly firstSeq: number; readonly begunAt: Instant };
}

/** Where the tiles of a log are. */
export function tilesPathOf(path: string): string {
  return `${stemOf(path)}.tiles`;
}

/** Opens the log and its evidence, and refuses a log that falls short of its own last checkpoint. */
export async function openLog(options: LedgerOptions): Promise<OpenedLog> {
  if (options.originId !== undefined && !ORIGIN_ID.test(options.originId)) {
    throw ledgerError('LEDGER_UNWRITABLE', `\`${options.originId}\` cannot name a ledger`, {
      fields: { reason: 'origin' },
    });
  }
  const last = options.evidence === false ? null : await lastCheckpoint(options);
  const watch: RootWatch = { wanted: last, seen: null, first: null, firstTs: null };
  const tiles = new TileWriter(tilesPathOf(options.path));
  const parts: { checkpointer: Checkpointer | null; feeds: SinkFeed[] } = { checkpointer: null, feeds: [] };
  const log = await ChainedLog.open({
    path: options.path,
    clock: options.clock,
    originId: options.originId,
    durability: options.durability ?? 'group',
    setAsideFrom: options.setAsideFrom,
    queueRecordsMax: QUEUE_RECORDS_MAX,
    observe: (record, _offset, tree) => {
      watch.first ??= tree.size;
      if (isWhole(record)) watch.firstTs ??= record.ts;
      if (tree.size === last?.size) watch.seen = tree.root();
    },
    nodes: tiles,
    onDurable: (batch, from, to) => {
      parts.checkpointer?.recorded(log.tree.size);
      if (parts.feeds.length === 0) return;
      for (let index = from; index < to; index += 1) {
        const line = batch.textOf(index);
        for (const feed of parts.feeds) feed.add(log.tree.size - to + index, line);
      }
    },
  });
  try {
    refuseShortfall(options.path, log, watch);
    const { places, feeds } = feedsOf(options, log.tree.size);
    parts.feeds = feeds;
    const begunAt = watch.firstTs === null ? options.clock.now() : parseInstant(watch.firstTs);
    const segment = { firstSeq: (watch.first ?? 1) - 1, begunAt };
    if (options.evidence === false)
      return { log, evidence: null, checkpointer: null, tiles, feeds, places, segment };
    const evidence = await Evidence.open(options.path, log.originId, options.clock, options.evidence ?? {});
    const { everyRecords, everyMs } = options.evidence ?? {};
    parts.checkpointer = new Checkpointer(log, evidence, { records: everyRecords, ms: everyMs });
    return { log, evidence, checkpointer: parts.checkpointer, tiles, feeds, places, segment };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** A feed for each sink, from where it was when the log was last open. */
function feedsOf(options: LedgerOptions, end: number): { places: SinkPlaces; feeds: SinkFeed[] } {
  const source: LineSource = {
    read: (from, count) => readLinesAt(options.path, from, count),
    first: () => listSegments(options.path)[0]?.firstSeq ?? 0,
  };
  const feeds: SinkFeed[] = [];
  const places = new SinkPlaces(options.path, () =>
    Object.fromEntries(feeds.map(({ name, next }) => [name, next])),
  );
  for (const sink of options.sinks ?? []) {
    // What cannot be repeated was counted as dropped at the time.
    const next = sink.catchesUp ? places.startOf(sink.name, end) : end;
    feeds.push(new SinkFeed(sink, source, { next, end, moved: () => places.moved() }));
  }
  return { places, feeds };
}

export async function closeLog({
  log,
  evidence,
  checkpointer,
  tiles,
  feeds,
  places,
}: Omit<OpenedLog, 'segment'>): Promise<void> {
  await checkpointer?.stop();
  await Promise.all(feeds.map((feed) => feed.close()));
  if (feeds.length > 0) places.save();
  await evidence?.close();
  await log.close();
  await tiles.flush();
}

export function evidenceHeader(evidence: Evidence | null): EvidenceHeader | null {
  if (evidence === null) return null;
  return { verifier_key: evidence.verifierKey, records: evidence.records, last_hash: evidence.lastHash };
}

interface RootWatch {
  readonly wanted: LastCheckpoint | null;
  /** The root at the checkpoint's size, when that size lies in what was read. */
  seen: string | null;
  /** The first size that was read, and when its record was written. */
  first: number | null;
  firstTs: string | null;
}

async function lastCheckpoint(options: LedgerOptions): Promise<LastCheckpoint | null> {
  const path =
    (options.evidence === false ? undefined : options.evidence?.path) ?? evidencePathOf(options.path);
  return existsSync(path) ? readLastCheckpoint(path) : null;
}

function refuseShortfall(path: string, log: ChainedLog, watch: RootWatch): void {
  const { wanted, seen, first } = watch;
  if (wanted === null) return;
  if (wanted.size > log.tree.size) throw shortfall(path, 'truncated', wanted.size, log.tree.size);
  const wasRead = first !== null && wanted.size >= first;
  if (wasRead && seen !== wanted.root) throw shortfall(path, 'root_mismatch', wanted.size, log.tree.size);
}

function shortfall(path: string, reason: string, size: number, records: number): LedgerError {
  return ledgerError(
    'LEDGER_CORRUPT',
    `the ledger at \`${path}\` is not the one its last checkpoint speaks for (${reason}: ${records} records, ${size} in the checkpoint)`,
    { fields: { path, reason, size, records } },
  );
}
