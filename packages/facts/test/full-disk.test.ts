import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { errorCode, systemClock } from '@praxis/core';
import { describe, expect, it, onTestFinished } from 'vitest';

import { openPostgresFactStore } from '../src/postgres-store.ts';
import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore } from '../src/store.ts';
import { differences, type Load, putUnderLoad } from './load.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

const MIB = 1 << 20;
const REFUSALS_WAITED_FOR = 30;
const ACCEPTED_AFTERWARDS = 100;
const SUPERVISION_PAUSE_MS = 200;
const STARTING_TRIES_MAX = 100;

const canMount = ((): boolean => {
  const disk = mountSmallDisk(1);
  disk?.unmount();
  return disk !== null;
})();

function aDisk(sizeMb: number): SmallDisk {
  const disk = mountSmallDisk(sizeMb);
  if (disk === null) throw new Error('a disk could be mounted, and now cannot');
  onTestFinished(() => disk.unmount());
  return disk;
}

/** Fills a disk under load, gives it room again, and holds the store to what it accepted. */
async function fillAndMakeRoom(store: FactStore, disk: SmallDisk, bytesLeft: number): Promise<Load> {
  disk.fill(bytesLeft);
  const load = putUnderLoad(store);
  await load.until('it is full', () => load.refusals.length >= REFUSALS_WAITED_FOR);
  const before = load.accepted();
  expect(before).toBeGreaterThan(0);
  disk.makeRoom();
  await load.until('it goes on', () => load.accepted() >= before + ACCEPTED_AFTERWARDS);
  return load;
}

async function holdsWhatItAccepted(store: FactStore, load: Load): Promise<void> {
  const accepted = await load.finish();
  expect(await unlessStarting(() => differences(store, accepted))).toEqual([]);
  await unlessStarting(() => store.seal());
  expect(await unlessStarting(() => store.verify())).toMatchObject({
    ok: true,
    derived: { textsWrong: 0, answersWrong: 0, hashesWrong: 0 },
  });
}

/** A transaction that is copied in is refused as a whole as well. */
async function refusesBulkWhile(disk: SmallDisk, store: FactStore): Promise<void> {
  const bulk = Array.from({ length: 3000 }, (_, n) =>
    aPut({ subject: `host:bulk-${n}`, predicate: 'bulk', value: 'x'.repeat(1500) }),
  );
  disk.fill(2 * MIB);
  await expect(unlessStarting(() => store.putMany(bulk))).rejects.toMatchObject(FULL);
  const stored = (): Promise<unknown[]> =>
    unlessStarting(async () => (await store.query({ predicate: 'bulk', limit: 10_000 })).facts);
  expect(await stored()).toEqual([]);
  disk.makeRoom();
  await unlessStarting(() => store.putMany(bulk));
  expect(await stored()).toHaveLength(bulk.length);
}

function mayBeRepeated(load: Load): void {
  const codes = new Set(load.refusals.map(({ code }) => code));
  expect([...codes].filter((code) => code !== 'STORE_FULL' && code !== 'STORE_UNAVAILABLE')).toEqual([]);
  expect(load.refusals.every(({ retryable }) => retryable)).toBe(true);
}

const FULL = { code: 'STORE_FULL', retryable: true };

/**
 * Repeats what finds the server starting again. A checkpoint that falls into the time in which the disk is full makes it do
 * so: what some of its files hold must be written, or all its processes begin anew.
 */
async function unlessStarting<R>(work: () => Promise<R>): Promise<R> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (errorCode(error) !== 'STORE_UNAVAILABLE' || tries === STARTING_TRIES_MAX) throw error;
      await sleep(SUPERVISION_PAUSE_MS);
    }
  }
}

function aPostgres(disk: SmallDisk, initdbFlags: readonly string[]): Promise<TestPostgres> {
  // Small, so that the data directory fits on a small disk and little is kept back from it.
  const settings = ['shared_buffers=8MB', 'min_wal_size=2MB', 'max_wal_size=4MB'];
  return startPostgres({
    parentDir: disk.path,
    durable: true,
    initdbFlags: ['--wal-segsize=1', ...initdbFlags],
    settings,
  });
}

/** Starts a server again whenever it has stopped. */
function supervise(server: TestPostgres): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const supervising = (async () => {
    while (!stopping.signal.aborted) {
      if (!server.isRunning()) await server.start().catch(() => undefined);
      await sleep(SUPERVISION_PAUSE_MS);
    }
  })();
  return {
    stop() {
      stopping.abort();
      return supervising;
    },
  };
}

describe('a disk that is really full', () => {
  if (!canMount) {
    it('was not tried: mounting one takes root', () => {
      expect(canMount).toBe(false);
    });
    return;
  }

  it('makes SQLite refuse what it cannot keep, and go on by itself when there is room', async () => {
    const disk = aDisk(12);
    const path = join(disk.path, 'facts.db');
    const store = await openSqliteFactStore({ path, clock: systemClock });
    const load = await fillAndMakeRoom(store, disk, 2 * MIB);
    for (const refusal of load.refusals) expect(refusal).toEqual(FULL);
    await holdsWhatItAccepted(store, load);
    const { length } = (await store.query({ limit: 10_000 })).facts;
    await store.close();
    const again = await openSqliteFactStore({ path, clock: systemClock });
    expect((await again.query({ limit: 10_000 })).facts).toHaveLength(length);
    await again.close();
  });

  it('is told as such to whoever opens SQLite there', async () => {
    const disk = aDisk(2);
    const path = join(disk.path, 'facts.db');
    disk.fill(0);
    await expect(openSqliteFactStore({ path, clock: systemClock })).rejects.toMatchObject(FULL);
    disk.makeRoom();
    const store = await openSqliteFactStore({ path, clock: systemClock });
    await store.put(aPut());
    await store.close();
  });

  it('makes PostgreSQL refuse what it cannot keep, and go on by itself when there is room', async () => {
    const disk = aDisk(120);
    const elsewhere = aDisk(256);
    const server = await aPostgres(disk, [`--waldir=${join(elsewhere.path, 'wal')}`]);
    onTestFinished(() => server.stop());
    const store = await openPostgresFactStore({ url: server.url, clock: systemClock, poolMax: 4 });
    const load = await fillAndMakeRoom(store, disk, 4 * MIB);
    expect(load.refusals).toContainEqual(FULL);
    mayBeRepeated(load);
    await holdsWhatItAccepted(store, load);
    await refusesBulkWhile(disk, store);
    await store.close();
  });

  it('that holds its log stops PostgreSQL; callers may repeat until its service manager has started it', async () => {
    const disk = aDisk(120);
    const server = await aPostgres(disk, []);
    onTestFinished(() => server.stop());
    const store = await openPostgresFactStore({ url: server.url, clock: systemClock, poolMax: 4 });
    const supervised = supervise(server);
    onTestFinished(() => supervised.stop());
    const load = await fillAndMakeRoom(store, disk, 3 * MIB);
    mayBeRepeated(load);
    await holdsWhatItAccepted(store, load);
    await store.close();
  });
});
