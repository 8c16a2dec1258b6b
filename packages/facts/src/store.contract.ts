import { type Clock, type Instant, parseInstant } from '@praxis/core';
import { type FakeClock, fakeClock } from '@praxis/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { PAGE_LIMIT_MAX, SUBJECT_LENGTH_MAX } from './bounds.ts';
import type { Fact } from './model.ts';
import type { FactStore, PutFact } from './store.ts';

/** Opens an empty store; `close` of the store must free everything. */
export type OpenStore = (clock: Clock) => Promise<FactStore>;

/** An instant of the day the contract plays on. */
export function at(time: string): Instant {
  return parseInstant(`2026-01-01T${time}:00Z`);
}

const MINUTE_MS = 60_000;

/** A put with what the contract does not care about filled in. */
export function aPut(fields: Partial<PutFact> = {}): PutFact {
  return { subject: 'host:web', predicate: 'os', value: 'v1', actor: 'test:anna', reason: 'seen', ...fields };
}

/** What every backend must do. */
export function factStoreContract(name: string, open: OpenStore): void {
  describe(`the fact store contract on ${name}`, () => {
    let clock: FakeClock;
    let store: FactStore;

    beforeEach(async () => {
      clock = fakeClock(at('12:00'));
      store = await open(clock);
    });
    afterEach(async () => {
      await store.close();
    });

    const valueAt = async (validAt: Instant, recordedAt?: Instant): Promise<unknown> => {
      const query = {
        subject: 'host:web',
        predicate: 'os',
        validAt,
        ...(recordedAt === undefined ? {} : { recordedAt }),
      };
      const { facts } = await store.query(query);
      expect(facts.length).toBeLessThanOrEqual(1);
      const point = await store.get(query);
      expect(point).toEqual(facts[0] ?? null);
      return facts[0]?.value;
    };
    const history = async (): Promise<Fact[]> => (await store.history({ subject: 'host:web' })).facts;

    describe('when a value is put', () => {
      it('believes it from the instant of recording, without end', async () => {
        const put = await store.put(aPut());
        expect(put).toMatchObject({ changed: true, recordedAt: at('12:00') });
        const [fact] = (await store.query({})).facts;
        expect(fact).toMatchObject({
          subject: 'host:web',
          predicate: 'os',
          factType: 'observed',
          valueKey: '',
          target: null,
          value: 'v1',
          validFrom: put.recordedAt,
          validTo: null,
          recordedAt: put.recordedAt,
          supersededAt: null,
          actor: 'test:anna',
          reason: 'seen',
          source: null,
          confidence: null,
          classification: 'internal',
          contentHash: put.contentHash,
          lastObservedAt: put.recordedAt,
          observationCount: 1,
          factId: put.factId,
        });
      });

      it('supersedes what was believed, with the actor and reason, and keeps it', async () => {
        const first = await store.put(aPut({ validFrom: at('08:00') }));
        clock.advance(MINUTE_MS);
        const second = await store.put(
          aPut({ value: 'v2', validFrom: at('10:00'), actor: 'test:bob', reason: 'upgraded' }),
        );
        expect(await valueAt(at('09:00'))).toBe('v1');
        expect(await valueAt(at('10:00'))).toBe('v2');
        expect(await valueAt(at('11:00'), first.recordedAt)).toBe('v1');
        expect((await history()).map((f) => [f.value, f.validFrom, f.validTo, f.supersededAt])).toEqual([
          ['v1', at('08:00'), null, second.recordedAt],
          ['v1', at('08:00'), at('10:00'), null],
          ['v2', at('10:00'), null, null],
        ]);
        const [superseded, remnant] = await history();
        expect(superseded).toMatchObject({
          supersededActor: 'test:bob',
          supersededReason: 'upgraded',
          actor: 'test:anna',
        });
        expect(remnant).toMatchObject({ actor: 'test:anna', reason: 'seen', recordedAt: second.recordedAt });
      });

      it('does not let a late observation displace a newer one', async () => {
        await store.put(aPut({ value: 'new', validFrom: at('10:00') }));
        await store.put(aPut({ value: 'late', validFrom: at('08:00') }));
        expect(await valueAt(at('09:00'))).toBe('late');
        expect(await valueAt(at('10:00'))).toBe('new');
        expect((await history()).filter((f) => f.value === 'late')[0]).toMatchObject({
          validTo: at('10:00'),
        });
      });

      it('corrects exactly the period given, splitting what it overlaps', async () => {
        await store.put(aPut({ value: 'a', validFrom: at('08:00') }));
        await store.put(aPut({ value: 'b', validFrom: at('09:00'), validTo: at('10:00') }));
        expect(await valueAt(at('08:30'))).toBe('a');
        expect(await valueAt(at('09:00'))).toBe('b');
        expect(await valueAt(at('10:00'))).toBe('a');
        await store.put(aPut({ value: 'c', validFrom: at('09:30'), validTo: 'infinity' }));
        expect(await valueAt(at('09:29'))).toBe('b');
        expect(await valueAt(at('11:00'))).toBe('c');
      });

      it('ends at the next later start also when that is what a correction left over', async () => {
        await store.put(aPut({ value: 'a', validFrom: at('08:00') }));
        await store.put(aPut({ value: 'b', validFrom: at('09:00'), validTo: at('10:00') }));
        await store.put(aPut({ value: 'c', validFrom: at('09:30') }));
        expect(await valueAt(at('09:59'))).toBe('c');
        expect(await valueAt(at('10:00'))).toBe('a');
      });

      it('can speak of the future', async () => {
        await store.put(aPut({ value: 'next', validFrom: at('18:00') }));
        expect(await valueAt(at('12:00'))).toBeUndefined();
        expect(await valueAt(at('18:00'))).toBe('next');
        await store.put(aPut({ value: 'now' }));
        expect(await valueAt(at('17:59'))).toBe('now');
        expect(await valueAt(at('18:00'))).toBe('next');
      });

      it('keeps every fact type and value key apart', async () => {
        await store.putMany([
          aPut({ valueKey: 'a', value: 1 }),
          aPut({ valueKey: 'b', value: 2 }),
          aPut({ factType: 'desired', value: 3 }),
        ]);
        expect((await store.query({})).facts.map((f) => f.value)).toEqual([3, 1, 2]);
        expect((await store.query({ factType: 'desired' })).facts.map((f) => f.value)).toEqual([3]);
        expect((await store.query({ valueKey: 'b' })).facts.map((f) => f.value)).toEqual([2]);
      });
    });

    describe('when the same is put again', () => {
      it('writes no row and counts the observation', async () => {
        const first = await store.put(aPut());
        clock.advance(MINUTE_MS);
        const again = await store.put(aPut({ actor: 'test:bob' }));
        expect(again).toMatchObject({ changed: false, factId: first.factId, contentHash: first.contentHash });
        expect(again.recordedAt).toBeGreaterThan(first.recordedAt);
        const facts = await history();
        expect(facts).toHaveLength(1);
        expect(facts[0]).toMatchObject({
          observationCount: 2,
          lastObservedAt: again.recordedAt,
          actor: 'test:anna',
        });
      });

      it('sees that several versions together say the same already', async () => {
        await store.put(aPut({ validFrom: at('08:00'), validTo: at('09:00') }));
        await store.put(aPut({ validFrom: at('09:00'), validTo: at('10:00') }));
        const again = await store.put(aPut({ validFrom: at('08:30'), validTo: at('09:30') }));
        expect(again.changed).toBe(false);
        const wider = await store.put(aPut({ validFrom: at('08:30'), validTo: at('11:00') }));
        expect(wider.changed).toBe(true);
      });

      it('takes another confidence or target for another content', async () => {
        await store.put(aPut({ confidence: 0.5 }));
        expect(await store.put(aPut({ confidence: 0.9 }))).toMatchObject({ changed: true });
        expect(await store.put(aPut({ confidence: 0.9 }))).toMatchObject({ changed: false });
      });

      it('does not care in which order members of a value are written', async () => {
        const first = await store.put(aPut({ value: { a: 1, b: [1, 2] } }));
        const again = await store.put(aPut({ value: { b: [1, 2], a: 1 } }));
        expect(again).toMatchObject({ changed: false, contentHash: first.contentHash });
      });
    });

    describe('when a fact is ended', () => {
      it('removes belief from an instant on, and remembers what was believed', async () => {
        const put = await store.put(aPut({ validFrom: at('08:00') }));
        const end = await store.end({
          subject: 'host:web',
          predicate: 'os',
          validFrom: at('10:00'),
          actor: 'test:bob',
          reason: 'gone',
        });
        expect(end).toMatchObject({ changed: true, contentHash: null });
        expect(await valueAt(at('09:59'))).toBe('v1');
        expect(await valueAt(at('10:00'))).toBeUndefined();
        expect(await valueAt(at('10:00'), put.recordedAt)).toBe('v1');
        expect((await history())[0]).toMatchObject({ supersededActor: 'test:bob', supersededReason: 'gone' });
      });

      it('can cut a period out', async () => {
        await store.put(aPut({ validFrom: at('08:00') }));
        await store.end({
          subject: 'host:web',
          predicate: 'os',
          validFrom: at('09:00'),
          validTo: at('10:00'),
          actor: 'test:bob',
          reason: 'down',
        });
        expect(await valueAt(at('08:59'))).toBe('v1');
        expect(await valueAt(at('09:30'))).toBeUndefined();
        expect(await valueAt(at('10:00'))).toBe('v1');
      });

      it('changes nothing where nothing was believed, at an instant of its own', async () => {
        const put = await store.put(aPut({ subject: 'host:other' }));
        const end = await store.end({ subject: 'host:web', predicate: 'os', actor: 'test:bob', reason: '' });
        expect(end.changed).toBe(false);
        expect(end.recordedAt).toBeGreaterThan(put.recordedAt);
        expect((await store.put(aPut())).recordedAt).toBeGreaterThan(end.recordedAt);
      });
    });

    describe('compare-and-set', () => {
      it('accepts the content hash believed, and refuses any other', async () => {
        const first = await store.put(aPut({ expected: null }));
        await expect(store.put(aPut({ value: 'x', expected: null }))).rejects.toMatchObject({
          code: 'FACT_VERSION_CONFLICT',
        });
        const second = await store.put(aPut({ value: 'v2', expected: first.contentHash }));
        await expect(store.put(aPut({ value: 'v3', expected: first.contentHash }))).rejects.toMatchObject({
          code: 'FACT_VERSION_CONFLICT',
        });
        const end = { subject: 'host:web', predicate: 'os', actor: 'test:anna', reason: '' };
        await expect(store.end({ ...end, expected: first.contentHash })).rejects.toMatchObject({
          code: 'FACT_VERSION_CONFLICT',
        });
        await store.end({ ...end, expected: second.contentHash });
        await store.put(aPut({ expected: null }));
      });

      it('lets exactly one of many concurrent writers win', async () => {
        const tries = Array.from({ length: 20 }, (_, n) => store.put(aPut({ value: n, expected: null })));
        const results = await Promise.allSettled(tries);
        expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
      });
    });

    describe('transaction time', () => {
      it('strictly increases while the clock stands still or steps back', async () => {
        const instants: Instant[] = [];
        for (let n = 0; n < 5; n += 1) {
          instants.push((await store.put(aPut({ value: n }))).recordedAt);
          if (n === 2) clock.step(-MINUTE_MS);
        }
        const burst = await Promise.all(
          Array.from({ length: 50 }, (_, n) => store.put(aPut({ subject: `host:${n}` }))),
        );
        instants.push(...burst.map((r) => r.recordedAt));
        expect(instants).toEqual([...new Set(instants)].sort((a, b) => a - b));
        expect(await valueAt(instants[4] ?? 0)).toBe(4);
        const { facts } = await store.query({ subject: 'host:web' });
        expect(facts[0]?.value).toBe(4);
      });

      it('is one for all of a putMany, which is all or nothing', async () => {
        const results = await store.putMany([aPut({ subject: 'host:a' }), aPut({ subject: 'host:b' })]);
        expect(results[0]?.recordedAt).toBe(results[1]?.recordedAt);
        const bad = [aPut({ subject: 'host:c' }), aPut({ subject: 'host:a', expected: null })];
        await expect(store.putMany(bad)).rejects.toMatchObject({ code: 'FACT_VERSION_CONFLICT' });
        expect((await store.query({ subject: 'host:c' })).facts).toEqual([]);
        await store.put(aPut({ subject: 'host:c' }));
        expect((await store.query({ subject: 'host:c' })).facts).toHaveLength(1);
      });

      it('lets a later put of one transaction win over an earlier one', async () => {
        await store.putMany([aPut({ value: 1 }), aPut({ value: 2 })]);
        expect((await store.query({})).facts.map((f) => f.value)).toEqual([2]);
      });
    });

    describe('idempotency keys', () => {
      it('answer a repeated put as the first time and change nothing', async () => {
        const first = await store.put(aPut({ idempotencyKey: 'k1' }));
        await store.put(aPut({ value: 'v2' }));
        expect(await store.put(aPut({ idempotencyKey: 'k1' }))).toEqual(first);
        expect((await store.query({})).facts[0]?.value).toBe('v2');
      });

      it('refuse another content under the same key', async () => {
        await store.put(aPut({ idempotencyKey: 'k1' }));
        await expect(store.put(aPut({ value: 'x', idempotencyKey: 'k1' }))).rejects.toMatchObject({
          code: 'FACT_IDEMPOTENCY_CONFLICT',
        });
      });
    });

    describe('query', () => {
      it('selects by kind, predicate, value, observation and start of validity', async () => {
        await store.putMany([
          aPut({ subject: 'host:a', value: { cpu: 4, tags: ['x'] } }),
          aPut({ subject: 'host:b', value: { cpu: 8, tags: [] }, predicate: 'hardware' }),
          aPut({ subject: 'hosts:c', value: { cpu: 16 }, validFrom: at('09:00'), observedAt: at('09:00') }),
        ]);
        const subjects = async (query: object): Promise<string[]> =>
          (await store.query(query)).facts.map((f) => f.subject);
        expect(await subjects({ kind: 'host' })).toEqual(['host:a', 'host:b']);
        expect(await subjects({ predicate: 'hardware' })).toEqual(['host:b']);
        expect(await subjects({ where: [{ path: '/cpu', op: 'gte', value: 8 }] })).toEqual([
          'host:b',
          'hosts:c',
        ]);
        expect(await subjects({ where: [{ path: '/tags', op: 'contains', value: 'x' }] })).toEqual([
          'host:a',
        ]);
        expect(await subjects({ where: [{ path: '/tags', op: 'exists' }] })).toEqual(['host:a', 'host:b']);
        expect(await subjects({ becameValidSince: at('12:00') })).toEqual(['host:a', 'host:b']);
        expect(await subjects({ observedBefore: at('10:00') })).toEqual(['hosts:c']);
        expect(await subjects({ notObservedForUs: 60 * 60 * 1e6 })).toEqual(['hosts:c']);
        expect(await subjects({ notObservedForUs: 3 * 60 * 60 * 1e6 })).toEqual([]);
        expect(await subjects({ observedSince: at('10:00') })).toEqual(['host:a', 'host:b']);
      });

      it('answers ranges with all versions that meet them', async () => {
        await store.put(aPut({ value: 'a', validFrom: at('08:00') }));
        await store.put(aPut({ value: 'b', validFrom: at('09:00') }));
        await store.put(aPut({ value: 'c', validFrom: at('10:00') }));
        const meet = async (from: string, to: string): Promise<unknown[]> =>
          (await store.query({ validDuring: { from: at(from), to: at(to) } })).facts.map((f) => f.value);
        expect(await meet('08:30', '09:00')).toEqual(['a']);
        expect(await meet('08:30', '09:01')).toEqual(['a', 'b']);
        expect(await meet('07:00', '08:00')).toEqual([]);
        expect(await meet('07:00', '23:00')).toEqual(['a', 'b', 'c']);
      });

      it('pages in key order, as of the instants of the first page', async () => {
        const names = ['a', 'b', 'c', 'd', 'e', '\u{10000}', '\uffff'];
        await store.putMany(names.map((n) => aPut({ subject: `host:${n}` })));
        const first = await store.query({ limit: 3 });
        expect(first.facts.map((f) => f.subject)).toEqual(['host:a', 'host:b', 'host:c']);
        clock.advance(MINUTE_MS);
        await store.putMany([aPut({ subject: 'host:d', value: 'changed' }), aPut({ subject: 'host:cc' })]);
        await store.end({ subject: 'host:e', predicate: 'os', actor: 'test:bob', reason: '' });
        const second = await store.query({
          limit: 3,
          ...(first.next === null ? {} : { cursor: first.next }),
        });
        expect(second.facts.map((f) => [f.subject, f.value])).toEqual([
          ['host:d', 'v1'],
          ['host:e', 'v1'],
          ['host:\uffff', 'v1'],
        ]);
        const third = await store.query({
          limit: 3,
          ...(second.next === null ? {} : { cursor: second.next }),
        });
        expect(third.facts.map((f) => f.subject)).toEqual(['host:\u{10000}']);
        expect(third.next).toBeNull();
      });

      it('refuses a cursor of another question, and limits out of bounds', async () => {
        await store.putMany([aPut({ subject: 'host:a' }), aPut({ subject: 'host:b' })]);
        const { next } = await store.query({ limit: 1 });
        const refused = { code: 'FACT_CURSOR_INVALID' };
        await expect(store.query({ kind: 'host', cursor: next ?? '' })).rejects.toMatchObject(refused);
        await expect(store.query({ cursor: 'x' })).rejects.toMatchObject(refused);
        await expect(store.query({ limit: PAGE_LIMIT_MAX + 1 })).rejects.toMatchObject({
          code: 'FACT_QUERY_INVALID',
        });
        await expect(store.query({ limit: 0 })).rejects.toMatchObject({ code: 'FACT_QUERY_INVALID' });
        await store.query({ limit: PAGE_LIMIT_MAX });
      });
    });

    describe('history', () => {
      it('pages through versions in order of recording, as they stood at the first page', async () => {
        for (const value of ['a', 'b', 'c']) await store.put(aPut({ value, validFrom: at('08:00') }));
        const first = await store.history({ subject: 'host:web', limit: 2 });
        await store.put(aPut({ value: 'd', validFrom: at('08:00') }));
        const cursor = first.next ?? '';
        const second = await store.history({ subject: 'host:web', limit: 2, cursor });
        expect(first.facts.map((f) => f.value)).toEqual(['a', 'b']);
        expect(second.facts.map((f) => [f.value, f.supersededAt])).toEqual([['c', null]]);
        expect(second.next).toBeNull();
      });
    });

    describe('diff', () => {
      it('tells what changed between two instants on either axis', async () => {
        await store.putMany([
          aPut({ subject: 'host:a', validFrom: at('08:00') }),
          aPut({ subject: 'host:b', validFrom: at('08:00') }),
        ]);
        const before = await store.put(aPut({ subject: 'host:c', validFrom: at('08:00') }));
        await store.put(aPut({ subject: 'host:a', value: 'v2', validFrom: at('10:00') }));
        await store.put(aPut({ subject: 'host:d', validFrom: at('10:00') }));
        await store.end({
          subject: 'host:b',
          predicate: 'os',
          validFrom: at('10:00'),
          actor: 'test:bob',
          reason: '',
        });
        const brief = async (from: object, to: object, limit = 100): Promise<unknown[]> => {
          const changes = [];
          let page = await store.diff({ from, to, limit });
          for (;;) {
            changes.push(...page.changes);
            if (page.next === null) break;
            page = await store.diff({ from, to, limit, cursor: page.next });
          }
          return changes.map((c) => [
            c.change,
            (c.after ?? c.before)?.subject,
            c.before?.value,
            c.after?.value,
          ]);
        };
        const expected = [
          ['changed', 'host:a', 'v1', 'v2'],
          ['removed', 'host:b', 'v1', undefined],
          ['added', 'host:d', undefined, 'v1'],
        ];
        expect(await brief({ validAt: at('09:00') }, { validAt: at('11:00') })).toEqual(expected);
        expect(await brief({ validAt: at('09:00') }, { validAt: at('11:00') }, 1)).toEqual(expected);
        expect(await brief({ recordedAt: before.recordedAt }, {})).toEqual(expected);
        // What was split at 10:00 says the same before it.
        const atNine = { validAt: at('09:00') };
        expect(await brief({ ...atNine, recordedAt: before.recordedAt }, atNine)).toEqual([]);
      });
    });

    describe('classification', () => {
      it('withholds restricted facts on every read path and counts them', async () => {
        await store.putMany([
          aPut({ subject: 'host:a' }),
          aPut({ subject: 'host:b' }),
          aPut({ subject: 'vault:x' }),
        ]);
        const rule = {
          subject: 'vault:*',
          classification: 'restricted',
          actor: 'operator:anna',
          reason: 'secrets',
        } as const;
        await store.classify(rule);
        const page = await store.query({});
        expect(page.facts.map((f) => f.subject)).toEqual(['host:a', 'host:b']);
        expect(page.withheld).toBe(1);
        expect((await store.history({ subject: 'vault:x' })).withheld).toBe(1);
        expect(await store.get({ subject: 'vault:x', predicate: 'os' })).toBeNull();
        const diff = await store.diff({ from: { recordedAt: 0 }, to: {}, kind: 'vault' });
        expect(diff).toMatchObject({ changes: [], withheld: 1 });
        const open = await store.query({ allowRestricted: true });
        expect(open.facts.map((f) => f.classification)).toEqual(['internal', 'internal', 'restricted']);
      });

      it('never comes out of a value, and the most restrictive rule holds', async () => {
        await store.put(aPut({ value: { classification: 'restricted' } }));
        expect((await store.query({})).facts).toHaveLength(1);
        const by = { actor: 'operator:anna', reason: 'policy' };
        await store.classify({ subject: 'host:*', classification: 'restricted', ...by });
        await store.classify({ subject: 'host:web', classification: 'public', ...by });
        expect((await store.query({})).facts).toHaveLength(0);
        await store.classify({ subject: 'host:*', classification: 'public', ...by });
        expect((await store.query({})).facts[0]?.classification).toBe('public');
      });

      it('does not let the count of what is withheld tell what it says', async () => {
        await store.putMany([
          aPut({ subject: 'host:a', value: 'open sesame' }),
          aPut({ subject: 'vault:x', value: { pin: 1234, note: 'sesame' } }),
          aPut({ subject: 'vault:y', predicate: 'name', value: 'other' }),
        ]);
        const rule = { subject: 'vault:*', classification: 'restricted', actor: 'operator:anna' } as const;
        await store.classify({ ...rule, reason: 'secrets' });
        const withheld = async (query: object): Promise<number> => (await store.query(query)).withheld;
        for (const value of [0, 1234, 9999]) {
          expect(await withheld({ where: [{ path: '/pin', op: 'gte', value }] })).toBe(2);
        }
        for (const text of ['sesame', 'other', 'nothing', '1234']) {
          expect(await withheld({ text })).toBe(2);
          expect(await withheld({ text, kind: 'host' })).toBe(0);
          expect(await withheld({ text, predicate: 'name' })).toBe(1);
        }
        expect((await store.query({ text: 'sesame' })).facts.map((f) => f.subject)).toEqual(['host:a']);
        expect(
          (await store.query({ text: 'sesame', allowRestricted: true })).facts.map((f) => f.subject),
        ).toEqual(['host:a', 'vault:x']);
      });

      it('does not name a withheld fact in the cursor', async () => {
        await store.putMany([
          aPut({ subject: 'host:secret-name' }),
          aPut({ subject: 'zone:z' }),
          aPut({ subject: 'zone:zz' }),
        ]);
        await store.classify({
          subject: 'host:*',
          classification: 'restricted',
          actor: 'operator:anna',
          reason: 'x',
        });
        const page = await store.query({ limit: 1 });
        expect(Buffer.from(page.next ?? '', 'base64url').toString()).not.toContain('secret');
      });
    });

    describe('edges', () => {
      const edge = (
        subject: string,
        predicate: string,
        target: string,
        more: Partial<PutFact> = {},
      ): PutFact => aPut({ subject, predicate, target, value: {}, validFrom: at('08:00'), ...more });

      beforeEach(async () => {
        await store.putMany([
          edge('host:a', 'mounts', 'pool:x'),
          edge('host:b', 'mounts', 'pool:x'),
          edge('host:b', 'mounts', 'pool:y'),
          edge('service:web', 'runs_on', 'host:a'),
          edge('service:db', 'runs_on', 'host:b'),
          edge('service:web', 'needs', 'service:db'),
          edge('service:db', 'needs', 'service:web'),
        ]);
      });

      it('tell what depends on a subject, nearest first, with the path, whatever the cycles', async () => {
        const { reached, truncated } = await store.traverse({ from: 'pool:x', direction: 'in' });
        expect(reached.map((r) => [r.subject, r.depth])).toEqual([
          ['host:a', 1],
          ['host:b', 1],
          ['service:db', 2],
          ['service:web', 2],
        ]);
        expect(truncated).toBe(false);
        expect(reached[3]?.path.map((e) => `${e.subject} ${e.predicate} ${e.target}`)).toEqual([
          'host:a mounts pool:x',
          'service:web runs_on host:a',
        ]);
      });

      it('keep several targets of one relation apart, and can be asked by target', async () => {
        expect((await store.query({ subject: 'host:b', edge: true })).facts.map((f) => f.target)).toEqual([
          'pool:x',
          'pool:y',
        ]);
        expect((await store.query({ target: 'pool:x' })).facts.map((f) => f.subject)).toEqual([
          'host:a',
          'host:b',
        ]);
      });

      it('are followed by direction, relation and depth', async () => {
        const names = async (query: object): Promise<string[]> =>
          (await store.traverse({ from: 'service:web', ...query })).reached.map((r) => r.subject);
        expect(await names({ relations: ['runs_on', 'mounts'] })).toEqual(['host:a', 'pool:x']);
        expect(await names({ depthMax: 1 })).toEqual(['service:db', 'host:a']);
        expect(await names({ direction: 'in' })).toEqual(['service:db']);
        expect((await store.traverse({ from: 'service:web', depthMax: 1 })).truncated).toBe(true);
        expect((await store.traverse({ from: 'pool:x', direction: 'in', subjectsMax: 2 })).truncated).toBe(
          true,
        );
      });

      it('are walked as of any instant on both axes', async () => {
        const before = (await store.query({ target: 'pool:x' })).facts[0]?.recordedAt ?? 0;
        const gone = { subject: 'host:a', predicate: 'mounts', valueKey: 'pool:x', validFrom: at('10:00') };
        await store.end({ ...gone, actor: 'test:bob', reason: 'moved' });
        const impact = async (asOf: object): Promise<string[]> =>
          (await store.traverse({ from: 'pool:x', direction: 'in', depthMax: 1, ...asOf })).reached.map(
            (r) => r.subject,
          );
        expect(await impact({})).toEqual(['host:b']);
        expect(await impact({ validAt: at('09:00') })).toEqual(['host:a', 'host:b']);
        expect(await impact({ recordedAt: before })).toEqual(['host:a', 'host:b']);
        expect(await impact({ validAt: at('07:00') })).toEqual([]);
      });

      it('give a shortest path, or none', async () => {
        const { path } = await store.shortestPath({ from: 'service:web', to: 'pool:y' });
        expect(path?.map((e) => e.target)).toEqual(['service:db', 'host:b', 'pool:y']);
        expect((await store.shortestPath({ from: 'pool:y', to: 'service:web' })).path).toBeNull();
        expect((await store.shortestPath({ from: 'pool:y', to: 'pool:y' })).path).toEqual([]);
      });

      it('are not followed where they are restricted', async () => {
        await store.classify({
          subject: 'host:a',
          classification: 'restricted',
          actor: 'operator:anna',
          reason: 'x',
        });
        const { reached, withheld } = await store.traverse({
          from: 'service:web',
          relations: ['runs_on', 'mounts'],
        });
        expect(reached.map((r) => r.subject)).toEqual(['host:a']);
        expect(withheld).toBe(1);
      });
    });

    describe('full text', () => {
      it('finds facts by their words, as of any instant', async () => {
        await store.put(
          aPut({
            subject: 'host:a',
            value: { banner: 'OpenSSH_9.2 Debian', port: 22 },
            validFrom: at('08:00'),
          }),
        );
        const first = await store.put(
          aPut({ subject: 'host:b', value: ['Größe', 'nginx/1.22'], validFrom: at('08:00') }),
        );
        const find = async (text: string, asOf: object = {}): Promise<string[]> =>
          (await store.query({ text, ...asOf })).facts.map((f) => f.subject);
        expect(await find('openssh')).toEqual(['host:a']);
        expect(await find('debian 22')).toEqual(['host:a']);
        expect(await find('GRÖSSE')).toEqual([]);
        expect(await find('größe')).toEqual(['host:b']);
        expect(await find('ngin*')).toEqual(['host:b']);
        expect(await find('ngin')).toEqual([]);
        expect(await find('host')).toEqual(['host:a', 'host:b']);
        await store.put(aPut({ subject: 'host:b', value: 'caddy', validFrom: at('10:00') }));
        expect(await find('nginx')).toEqual([]);
        expect(await find('nginx', { validAt: at('09:00') })).toEqual(['host:b']);
        expect(await find('nginx', { recordedAt: first.recordedAt })).toEqual(['host:b']);
        expect(await find(`"' OR & | ! <-> AND host:a)`)).toEqual([]);
      });

      it('refuses a search without words', async () => {
        await expect(store.query({ text: ' *' })).rejects.toMatchObject({ code: 'FACT_QUERY_INVALID' });
        await expect(store.query({ text: 'a '.repeat(17) })).rejects.toMatchObject({
          code: 'FACT_QUERY_INVALID',
        });
      });
    });

    describe('vectors', () => {
      it('rank facts by cosine, as of any instant, without the restricted ones', async () => {
        const [a, b, c] = await store.putMany(
          ['a', 'b', 'c'].map((n) => aPut({ subject: `host:${n}`, value: n })),
        );
        const vector = (...numbers: number[]): Float32Array => new Float32Array(numbers);
        await store.embed('m1', [
          { contentHash: a?.contentHash ?? '', vector: vector(1, 0) },
          { contentHash: b?.contentHash ?? '', vector: vector(3, 4) },
          { contentHash: c?.contentHash ?? '', vector: vector(-1, 0) },
        ]);
        await store.embed('m1', [{ contentHash: a?.contentHash ?? '', vector: vector(0, 9) }]);
        const near = async (more: object = {}): Promise<unknown[]> =>
          (await store.nearest({ model: 'm1', vector: vector(2, 0), ...more })).facts.map((n) => [
            n.fact.subject,
            Number(n.similarity.toFixed(3)),
          ]);
        expect(await near()).toEqual([
          ['host:a', 1],
          ['host:b', 0.6],
          ['host:c', -1],
        ]);
        expect(await near({ limit: 1, subject: 'host:b' })).toEqual([['host:b', 0.6]]);
        expect(await near({ model: 'm2' })).toEqual([]);
        expect(await near({ vector: vector(1, 2, 3) })).toEqual([]);
        await store.put(aPut({ subject: 'host:a', value: 'other' }));
        expect((await near({ limit: 1 }))[0]).toEqual(['host:b', 0.6]);
        expect((await near({ limit: 1, recordedAt: a?.recordedAt }))[0]).toEqual(['host:a', 1]);
        await store.classify({
          subject: 'host:b',
          classification: 'restricted',
          actor: 'operator:anna',
          reason: 'x',
        });
        expect(await store.nearest({ model: 'm1', vector: vector(2, 0) })).toMatchObject({ withheld: 1 });
        await expect(store.nearest({ model: 'm1', vector: vector(0, 0) })).rejects.toMatchObject({
          code: 'FACT_QUERY_INVALID',
        });
      });
    });

    describe('seals', () => {
      it('chain what was recorded, and verify', async () => {
        expect(await store.seal()).toBeNull();
        await store.put(aPut({ validFrom: at('08:00') }));
        const first = await store.seal();
        expect(first).toMatchObject({ sealId: 1, rowsSealed: 1 });
        expect(await store.seal()).toBeNull();
        await store.put(aPut({ value: 'v2', validFrom: at('09:00') }));
        await store.put(aPut({ value: 'v2' }));
        const second = await store.seal();
        // Two rows, and what happened to the first.
        expect(second).toMatchObject({ sealId: 2, rowsSealed: 3 });
        await store.put(aPut({ subject: 'host:later' }));
        const whole = { ok: true, seals: 2, firstBad: null, head: second, unsealedRows: 1 };
        expect(await store.verify()).toEqual(whole);
        expect(await store.verify({ head: first?.hash ?? '' })).toEqual(whole);
        expect(await store.verify({ head: 'f'.repeat(64) })).toMatchObject({
          ok: false,
          firstBad: { sealId: 3, code: 'FACT_SEAL_MISSING' },
        });
      });
    });

    describe('stream', () => {
      it('gives all facts as of its start', async () => {
        await store.putMany(
          Array.from({ length: 25 }, (_, n) => aPut({ subject: `host:${String(n).padStart(2, '0')}` })),
        );
        const seen: string[] = [];
        for await (const fact of store.stream({ limit: 10 })) {
          if (seen.length === 0) await store.put(aPut({ subject: 'host:99' }));
          seen.push(fact.subject);
        }
        expect(seen).toHaveLength(25);
      });
    });

    describe('malformed input', () => {
      const refused: [string, Partial<PutFact> | Record<string, unknown>][] = [
        ['a subject without a kind', { subject: 'web' }],
        ['an empty subject', { subject: '' }],
        ['a subject that is too long', { subject: `host:${'x'.repeat(SUBJECT_LENGTH_MAX - 4)}` }],
        ['a control character', { predicate: 'a\u0000b' }],
        ['a lone surrogate', { value: '\ud800' }],
        ['an undefined value', { value: undefined }],
        ['a number that is not finite', { value: Number.NaN }],
        ['an unknown fact type', { factType: 'rumour' }],
        ['no actor', { actor: '' }],
        ['a period that is empty', { validFrom: at('10:00'), validTo: at('10:00') }],
        ['a period that ends before it begins now', { validTo: at('11:00') }],
        ['an instant that is not whole', { validFrom: 0.5 }],
        ['an expectation that is not a hash', { expected: 'abc' }],
        ['a confidence above 1', { confidence: 1.01 }],
        ['an infinite start', { validFrom: Number.MAX_SAFE_INTEGER }],
      ];
      it.each(refused)('refuses %s', async (_name, fields) => {
        await expect(store.put(aPut(fields as Partial<PutFact>))).rejects.toMatchObject({
          code: 'FACT_INVALID',
        });
        expect((await store.query({})).facts).toEqual([]);
      });

      it('accepts a subject of exactly the longest length', async () => {
        await store.put(aPut({ subject: `host:${'x'.repeat(SUBJECT_LENGTH_MAX - 5)}` }));
        expect((await store.query({})).facts).toHaveLength(1);
      });

      it('keeps every JSON value as it is', async () => {
        const values = [
          null,
          true,
          0,
          -0.5,
          1e300,
          '',
          '\u0000\u2028"\\',
          [],
          {},
          [[{ a: [null] }]],
          { '': 1, __proto__: 2 },
        ];
        for (const [n, value] of values.entries()) await store.put(aPut({ subject: `host:${n}`, value }));
        for (const [n, value] of values.entries()) {
          expect((await store.get({ subject: `host:${n}`, predicate: 'os' }))?.value).toEqual(value);
        }
      });
    });
  });
}
