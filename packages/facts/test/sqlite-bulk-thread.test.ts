import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

import { openSqlite } from '@praxis/storage';
import { fakeClock, makeTempDir } from '@praxis/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { FactBackend } from '../src/backend.ts';
import { createFactStore } from '../src/fact-store.ts';
import { openMemoryFactStore } from '../src/memory-store.ts';
import { columnsOf, putAt } from '../src/put-columns.ts';
import { BULK_FACTS_MIN } from '../src/sqlite-bulk.ts';
import { packColumns, unpackColumns } from '../src/sqlite-bulk-packet.ts';
import { startBulkThread } from '../src/sqlite-bulk-thread.ts';
import { createBulkWriter } from '../src/sqlite-bulk-writer.ts';
import { SQLITE_FACT_MIGRATIONS } from '../src/sqlite-schema.ts';
import { sqliteBackend } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactStore, PutFact } from '../src/store.ts';
import { checkPut, type PutWrite } from '../src/validate.ts';

const START = Date.UTC(2026, 0, 1) * 1000;

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }).filter((t) => !/\p{Cc}/u.test(t));
const put: fc.Arbitrary<PutFact> = fc.record(
  {
    subject: fc.integer({ min: 0, max: 60 }).map((n) => `host:h${n}`),
    predicate: fc.constantFrom('os', 'state'),
    factType: fc.constantFrom('observed', 'desired'),
    valueKey: fc.constantFrom('', 'a', 'b'),
    value: fc.oneof(fc.integer({ min: 0, max: 2 }), fc.string(), fc.constant({ b: '\0', a: ['\n'] })),
    validFrom: fc.integer({ min: 0, max: 9 }).map((hours) => START + hours),
    validTo: fc.constant<'infinity'>('infinity'),
    observedAt: fc.integer({ min: 0, max: 9 }).map((n) => START - n),
    actor: text,
    reason: fc.string({ unit: 'grapheme', maxLength: 4 }).filter((t) => !t.includes('\0')),
    source: text,
    target: fc.constantFrom('host:x', 'host:y'),
    confidence: fc.constantFrom(0, 0.5, 1),
  },
  { requiredKeys: ['subject', 'predicate', 'value', 'actor', 'reason'] },
);

/** A store in a file with its backend, and its thread when that is wanted at once. */
async function aStore(): Promise<{ path: string; backend: FactBackend; store: FactStore }> {
  const clock = fakeClock();
  const path = join(makeTempDir().path, 'facts.db');
  const backend = sqliteBackend(openSqlite({ path, migrations: SQLITE_FACT_MIGRATIONS }), clock);
  const store = createFactStore(backend, clock);
  // The thread is there once it takes a transaction.
  for (let n = 0; n < 2000; n += 1) {
    const taken = backend.writeMany?.(many(BULK_FACTS_MIN, { predicate: 'warm-up' }), checkPut) ?? null;
    if (taken !== null) {
      await taken;
      return { path, backend, store };
    }
    await sleep(5);
  }
  throw new Error('the thread never got ready');
}

function many(count: number, changes: Partial<PutFact> = {}): PutFact[] {
  return Array.from({ length: count }, (_, n) => aPut({ subject: `host:h${n}`, ...changes }));
}

describe('puts on their way to another thread', () => {
  it('arrive as they were', () => {
    fc.assert(
      fc.property(fc.array(put, { minLength: 1, maxLength: 12 }), (facts) => {
        const puts = facts.map((fact) => checkPut(fact) as PutWrite);
        const columns = unpackColumns(structuredClone(packColumns(columnsOf(puts))));
        expect(puts.map((_, row) => putAt(columns, row))).toEqual(puts);
      }),
    );
  });

  it('say the same as in the model, in whatever packets they come', async () => {
    const packets = fc.array(fc.array(put, { minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(packets, async (batch) => {
        const model = openMemoryFactStore({ clock: fakeClock() });
        const db = openSqlite({ path: ':memory:', migrations: SQLITE_FACT_MIGRATIONS });
        const write = createBulkWriter(db);
        const store = createFactStore(sqliteBackend(db, fakeClock()), fakeClock());
        const expected = await model.putMany(batch.flat());
        expect(write({ do: 'begin', earliest: expected[0]?.recordedAt ?? 0 })).toBeNull();
        for (const facts of batch) {
          const packet = packColumns(columnsOf(facts.map((fact) => checkPut(fact) as PutWrite)));
          expect(write({ do: 'put', packet })).toBeNull();
        }
        const done = write({ do: 'commit' });
        if (done === null || !done.ok) throw new Error('not committed');
        expect([...done.changed]).toEqual(expected.map(({ changed }) => (changed ? 1 : 0)));
        expect(done.recordedAt).toBe(expected[0]?.recordedAt);
        for (let n = 0; n <= 60; n += 1) {
          const [own, theirs] = await Promise.all(
            [store, model].map((one) => one.history({ subject: `host:h${n}`, limit: 10_000 })),
          );
          const facts = (page = own): unknown[] =>
            (page?.facts ?? []).map((fact) => ({ ...fact, factId: '' }));
          expect(facts(own)).toEqual(facts(theirs));
        }
        await store.close();
      }),
      { numRuns: 12 },
    );
  });
});

describe('a store that writes bulk on a second thread', () => {
  it('answers as ever, each transaction in its turn', async () => {
    const { backend, store } = await aStore();
    const before = store.put(aPut({ subject: 'host:h1', value: 'before' }));
    const first = backend.writeMany?.(many(BULK_FACTS_MIN, { value: 'bulk' }), checkPut);
    const second = backend.writeMany?.(many(BULK_FACTS_MIN, { value: 'again' }), checkPut);
    const after = store.put(aPut({ subject: 'host:h1', value: 'after' }));
    const sealed = store.seal();
    const [a, b, c, d] = await Promise.all([before, first, second, after]);
    const instants = [a, b?.[1], c?.[1], d].map((outcome) => outcome?.recordedAt ?? 0);
    expect(instants).toEqual([...new Set(instants)].sort((x, y) => x - y));
    expect(b?.every(({ recordedAt, changed }) => changed && recordedAt === b[0]?.recordedAt)).toBe(true);
    const { facts: versions } = await store.history({ subject: 'host:h1', predicate: aPut().predicate });
    // What stays believed of a version that was superseded is a version of its own.
    const facts = versions.filter(({ validFrom, recordedAt }) => validFrom === recordedAt);
    expect(facts.map(({ value }) => value)).toEqual(['before', 'bulk', 'again', 'after']);
    expect(facts.map(({ factId }) => factId)).toEqual([a.factId, b?.[1]?.factId, c?.[1]?.factId, d.factId]);
    expect(await sealed).not.toBeNull();
    expect(await store.verify()).toMatchObject({ ok: true, seals: 1 });
    await store.close();
  });

  it('stores nothing of a transaction with one fact that is refused', async () => {
    const { store } = await aStore();
    const facts = [...many(BULK_FACTS_MIN + 700), aPut({ subject: 'no subject' })];
    await expect(store.putMany(facts)).rejects.toMatchObject({ code: 'FACT_INVALID' });
    expect((await store.query({ predicate: aPut().predicate })).facts).toEqual([]);
    const results = await store.putMany(many(BULK_FACTS_MIN));
    expect(results.every(({ changed }) => changed)).toBe(true);
    await store.close();
  });

  it('counts what is observed again, and keeps transaction time going', async () => {
    const { backend, store } = await aStore();
    const first = await store.putMany(many(BULK_FACTS_MIN));
    const again = await backend.writeMany?.(many(BULK_FACTS_MIN), checkPut);
    expect(again?.some(({ changed }) => changed)).toBe(false);
    expect(again?.map(({ factId }) => factId)).toEqual(first.map(({ factId }) => factId));
    const later = await store.put(aPut({ value: 'later' }));
    expect(later.recordedAt).toBeGreaterThan(again?.[0]?.recordedAt ?? Number.NaN);
    expect((await store.query({ subject: 'host:h7', predicate: aPut().predicate })).facts).toMatchObject([
      { observationCount: 2 },
    ]);
    await store.close();
  });

  it('waits for another process that writes, without holding the event loop', async () => {
    const { path, backend, store } = await aStore();
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 5);
    setTimeout(() => other.exec('COMMIT'), 120);
    const outcomes = await backend.writeMany?.(many(BULK_FACTS_MIN), checkPut);
    clearInterval(ticking);
    expect(outcomes).toHaveLength(BULK_FACTS_MIN);
    expect(turns).toBeGreaterThan(5);
    other.close();
    await store.close();
  });

  it('leaves to the thread neither conditions nor what may be refused late', async () => {
    const { backend, store } = await aStore();
    const plain = many(BULK_FACTS_MIN - 1);
    for (const fact of [{ expected: null }, { idempotencyKey: 'k' }, { validTo: 5 }].map(aPut))
      expect(backend.writeMany?.([...plain, fact], checkPut)).toBeNull();
    expect(backend.writeMany?.(plain, checkPut)).toBeNull();
    await store.close();
  });

  it('copies the store while there is bulk to write', async () => {
    const { path, store } = await aStore();
    const copied = store.backup(`${path}.bak`);
    await Promise.all([copied, store.putMany(many(BULK_FACTS_MIN)), store.putMany(many(BULK_FACTS_MIN))]);
    expect((await store.query({ predicate: aPut().predicate, limit: 10_000 })).facts).toHaveLength(
      BULK_FACTS_MIN,
    );
    await store.close();
  });
});

describe('the thread that writes bulk', () => {
  it('rolls back what it has begun when it ends, and says so', async () => {
    const { path, store } = await aStore();
    const thread = startBulkThread(path);
    while (!thread.isReady()) await sleep(5);
    const answer = thread.answer();
    thread.tell({ do: 'begin', earliest: START });
    thread.tell({
      do: 'put',
      packet: packColumns(columnsOf([checkPut(aPut({ value: 'lost' })) as PutWrite])),
    });
    await Promise.all([expect(answer).rejects.toMatchObject({ code: 'STORE_FAILED' }), thread.close()]);
    expect(thread.isReady()).toBe(false);
    await expect(thread.answer()).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect((await store.query({ predicate: aPut().predicate })).facts).toEqual([]);
    expect((await store.put(aPut())).changed).toBe(true);
    await store.close();
  });
});
