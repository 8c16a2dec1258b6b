import { describe, expect, it } from 'vitest';

import { aPut, at, historyOf, valueAt, MINUTE_MS, type Setting } from './setting.contract.ts';

/** What a write does to what is believed. */
export function writesContract(the: Setting): void {
  describe('when a value is put', () => {
    it('believes it from the instant of recording, without end', async () => {
      const put = await the.store.put(aPut());
      expect(put).toMatchObject({ changed: true, recordedAt: at('12:00') });
      const [fact] = (await the.store.query({})).facts;
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
      const first = await the.store.put(aPut({ validFrom: at('08:00') }));
      the.clock.advance(MINUTE_MS);
      const second = await the.store.put(
        aPut({ value: 'v2', validFrom: at('10:00'), actor: 'test:bob', reason: 'upgraded' }),
      );
      expect(await valueAt(the, at('09:00'))).toBe('v1');
      expect(await valueAt(the, at('10:00'))).toBe('v2');
      expect(await valueAt(the, at('11:00'), first.recordedAt)).toBe('v1');
      expect((await historyOf(the)).map((f) => [f.value, f.validFrom, f.validTo, f.supersededAt])).toEqual([
        ['v1', at('08:00'), null, second.recordedAt],
        ['v1', at('08:00'), at('10:00'), null],
        ['v2', at('10:00'), null, null],
      ]);
      const [superseded, remnant] = await historyOf(the);
      expect(superseded).toMatchObject({
        supersededActor: 'test:bob',
        supersededReason: 'upgraded',
        actor: 'test:anna',
      });
      expect(remnant).toMatchObject({ actor: 'test:anna', reason: 'seen', recordedAt: second.recordedAt });
    });

    it('does not let a late observation displace a newer one', async () => {
      await the.store.put(aPut({ value: 'new', validFrom: at('10:00') }));
      await the.store.put(aPut({ value: 'late', validFrom: at('08:00') }));
      expect(await valueAt(the, at('09:00'))).toBe('late');
      expect(await valueAt(the, at('10:00'))).toBe('new');
      expect((await historyOf(the)).filter((f) => f.value === 'late')[0]).toMatchObject({
        validTo: at('10:00'),
      });
    });

    it('corrects exactly the period given, splitting what it overlaps', async () => {
      await the.store.put(aPut({ value: 'a', validFrom: at('08:00') }));
      await the.store.put(aPut({ value: 'b', validFrom: at('09:00'), validTo: at('10:00') }));
      expect(await valueAt(the, at('08:30'))).toBe('a');
      expect(await valueAt(the, at('09:00'))).toBe('b');
      expect(await valueAt(the, at('10:00'))).toBe('a');
      await the.store.put(aPut({ value: 'c', validFrom: at('09:30'), validTo: 'infinity' }));
      expect(await valueAt(the, at('09:29'))).toBe('b');
      expect(await valueAt(the, at('11:00'))).toBe('c');
    });

    it('ends at the next later start also when that is what a correction left over', async () => {
      await the.store.put(aPut({ value: 'a', validFrom: at('08:00') }));
      await the.store.put(aPut({ value: 'b', validFrom: at('09:00'), validTo: at('10:00') }));
      await the.store.put(aPut({ value: 'c', validFrom: at('09:30') }));
      expect(await valueAt(the, at('09:59'))).toBe('c');
      expect(await valueAt(the, at('10:00'))).toBe('a');
    });

    it('can speak of the future', async () => {
      await the.store.put(aPut({ value: 'next', validFrom: at('18:00') }));
      expect(await valueAt(the, at('12:00'))).toBeUndefined();
      expect(await valueAt(the, at('18:00'))).toBe('next');
      await the.store.put(aPut({ value: 'now' }));
      expect(await valueAt(the, at('17:59'))).toBe('now');
      expect(await valueAt(the, at('18:00'))).toBe('next');
    });

    it('keeps every fact type and value key apart', async () => {
      await the.store.putMany([
        aPut({ valueKey: 'a', value: 1 }),
        aPut({ valueKey: 'b', value: 2 }),
        aPut({ factType: 'desired', value: 3 }),
      ]);
      expect((await the.store.query({})).facts.map((f) => f.value)).toEqual([3, 1, 2]);
      expect((await the.store.query({ factType: 'desired' })).facts.map((f) => f.value)).toEqual([3]);
      expect((await the.store.query({ valueKey: 'b' })).facts.map((f) => f.value)).toEqual([2]);
    });
  });

  describe('when the same is put again', () => {
    it('writes no row and counts the observation', async () => {
      const first = await the.store.put(aPut());
      the.clock.advance(MINUTE_MS);
      const again = await the.store.put(aPut({ actor: 'test:bob' }));
      expect(again).toMatchObject({ changed: false, factId: first.factId, contentHash: first.contentHash });
      expect(again.recordedAt).toBeGreaterThan(first.recordedAt);
      const facts = await historyOf(the);
      expect(facts).toHaveLength(1);
      expect(facts[0]).toMatchObject({
        observationCount: 2,
        lastObservedAt: again.recordedAt,
        actor: 'test:anna',
      });
    });

    it('sees that several versions together say the same already', async () => {
      await the.store.put(aPut({ validFrom: at('08:00'), validTo: at('09:00') }));
      await the.store.put(aPut({ validFrom: at('09:00'), validTo: at('10:00') }));
      const again = await the.store.put(aPut({ validFrom: at('08:30'), validTo: at('09:30') }));
      expect(again.changed).toBe(false);
      const wider = await the.store.put(aPut({ validFrom: at('08:30'), validTo: at('11:00') }));
      expect(wider.changed).toBe(true);
    });

    it('takes another confidence or target for another content', async () => {
      await the.store.put(aPut({ confidence: 0.5 }));
      expect(await the.store.put(aPut({ confidence: 0.9 }))).toMatchObject({ changed: true });
      expect(await the.store.put(aPut({ confidence: 0.9 }))).toMatchObject({ changed: false });
    });

    it('does not care in which order members of a value are written', async () => {
      const first = await the.store.put(aPut({ value: { a: 1, b: [1, 2] } }));
      const again = await the.store.put(aPut({ value: { b: [1, 2], a: 1 } }));
      expect(again).toMatchObject({ changed: false, contentHash: first.contentHash });
    });
  });

  describe('when a fact is ended', () => {
    it('removes belief from an instant on, and remembers what was believed', async () => {
      const put = await the.store.put(aPut({ validFrom: at('08:00') }));
      const end = await the.store.end({
        subject: 'host:web',
        predicate: 'os',
        validFrom: at('10:00'),
        actor: 'test:bob',
        reason: 'gone',
      });
      expect(end).toMatchObject({ changed: true, contentHash: null });
      expect(await valueAt(the, at('09:59'))).toBe('v1');
      expect(await valueAt(the, at('10:00'))).toBeUndefined();
      expect(await valueAt(the, at('10:00'), put.recordedAt)).toBe('v1');
      expect((await historyOf(the))[0]).toMatchObject({
        supersededActor: 'test:bob',
        supersededReason: 'gone',
      });
    });

    it('can cut a period out', async () => {
      await the.store.put(aPut({ validFrom: at('08:00') }));
      await the.store.end({
        subject: 'host:web',
        predicate: 'os',
        validFrom: at('09:00'),
        validTo: at('10:00'),
        actor: 'test:bob',
        reason: 'down',
      });
      expect(await valueAt(the, at('08:59'))).toBe('v1');
      expect(await valueAt(the, at('09:30'))).toBeUndefined();
      expect(await valueAt(the, at('10:00'))).toBe('v1');
    });

    it('changes nothing where nothing was believed, at an instant of its own', async () => {
      const put = await the.store.put(aPut({ subject: 'host:other' }));
      const end = await the.store.end({
        subject: 'host:web',
        predicate: 'os',
        actor: 'test:bob',
        reason: '',
      });
      expect(end.changed).toBe(false);
      expect(end.recordedAt).toBeGreaterThan(put.recordedAt);
      expect((await the.store.put(aPut())).recordedAt).toBeGreaterThan(end.recordedAt);
    });
  });
}
