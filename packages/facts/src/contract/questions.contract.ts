import { describe, expect, it } from 'vitest';

import { PAGE_LIMIT_MAX } from '../bounds.ts';
import { aPut, at, MINUTE_MS, type Setting } from './setting.contract.ts';

/** Questions about facts, in pages. */
export function questionsContract(the: Setting): void {
  describe('query', () => {
    it('selects by kind, predicate, value, observation and start of validity', async () => {
      await the.store.putMany([
        aPut({ subject: 'host:a', value: { cpu: 4, tags: ['x'] } }),
        aPut({ subject: 'host:b', value: { cpu: 8, tags: [] }, predicate: 'hardware' }),
        aPut({ subject: 'hosts:c', value: { cpu: 16 }, validFrom: at('09:00'), observedAt: at('09:00') }),
      ]);
      const subjects = async (query: object): Promise<string[]> =>
        (await the.store.query(query)).facts.map((f) => f.subject);
      expect(await subjects({ kind: 'host' })).toEqual(['host:a', 'host:b']);
      await expect(subjects({ kind: 'host:a' })).rejects.toMatchObject({ code: 'FACT_QUERY_INVALID' });
      expect(await subjects({ predicate: 'hardware' })).toEqual(['host:b']);
      expect(await subjects({ where: [{ path: '/cpu', op: 'gte', value: 8 }] })).toEqual([
        'host:b',
        'hosts:c',
      ]);
      expect(await subjects({ where: [{ path: '/tags', op: 'contains', value: 'x' }] })).toEqual(['host:a']);
      expect(await subjects({ where: [{ path: '/tags', op: 'exists' }] })).toEqual(['host:a', 'host:b']);
      expect(await subjects({ becameValidSince: at('12:00') })).toEqual(['host:a', 'host:b']);
      expect(await subjects({ observedBefore: at('10:00') })).toEqual(['hosts:c']);
      expect(await subjects({ notObservedForUs: 60 * 60 * 1e6 })).toEqual(['hosts:c']);
      expect(await subjects({ notObservedForUs: 3 * 60 * 60 * 1e6 })).toEqual([]);
      expect(await subjects({ observedSince: at('10:00') })).toEqual(['host:a', 'host:b']);
    });

    it('answers ranges with all versions that meet them', async () => {
      await the.store.put(aPut({ value: 'a', validFrom: at('08:00') }));
      await the.store.put(aPut({ value: 'b', validFrom: at('09:00') }));
      await the.store.put(aPut({ value: 'c', validFrom: at('10:00') }));
      const meet = async (from: string, to: string): Promise<unknown[]> =>
        (await the.store.query({ validDuring: { from: at(from), to: at(to) } })).facts.map((f) => f.value);
      expect(await meet('08:30', '09:00')).toEqual(['a']);
      expect(await meet('08:30', '09:01')).toEqual(['a', 'b']);
      expect(await meet('07:00', '08:00')).toEqual([]);
      expect(await meet('07:00', '23:00')).toEqual(['a', 'b', 'c']);
    });

    it('pages in key order, as of the instants of the first page', async () => {
      const names = ['a', 'b', 'c', 'd', 'e', '\u{10000}', '\uffff'];
      await the.store.putMany(names.map((n) => aPut({ subject: `host:${n}` })));
      const first = await the.store.query({ limit: 3 });
      expect(first.facts.map((f) => f.subject)).toEqual(['host:a', 'host:b', 'host:c']);
      the.clock.advance(MINUTE_MS);
      await the.store.putMany([aPut({ subject: 'host:d', value: 'changed' }), aPut({ subject: 'host:cc' })]);
      await the.store.end({ subject: 'host:e', predicate: 'os', actor: 'test:bob', reason: '' });
      const second = await the.store.query({
        limit: 3,
        ...(first.next === null ? {} : { cursor: first.next }),
      });
      expect(second.facts.map((f) => [f.subject, f.value])).toEqual([
        ['host:d', 'v1'],
        ['host:e', 'v1'],
        ['host:\uffff', 'v1'],
      ]);
      const third = await the.store.query({
        limit: 3,
        ...(second.next === null ? {} : { cursor: second.next }),
      });
      expect(third.facts.map((f) => f.subject)).toEqual(['host:\u{10000}']);
      expect(third.next).toBeNull();
    });

    it('keeps its pages as of the first, also as of an instant that is yet to come', async () => {
      await the.store.putMany([1, 2].map((n) => aPut({ subject: `host:${n}` })));
      const question = { recordedAt: the.clock.now() + 1_000_000, limit: 1 };
      const { facts, next } = await the.store.query(question);
      await the.store.put(aPut({ subject: 'host:3' }));
      const rest = await the.store.query({ ...question, limit: 9, cursor: next ?? '' });
      expect([...facts, ...rest.facts].map(({ subject }) => subject)).toEqual(['host:1', 'host:2']);
    });

    it('refuses a cursor of another question, and limits out of bounds', async () => {
      await the.store.putMany([aPut({ subject: 'host:a' }), aPut({ subject: 'host:b' })]);
      const { next } = await the.store.query({ limit: 1 });
      const refused = { code: 'FACT_CURSOR_INVALID' };
      await expect(the.store.query({ kind: 'host', cursor: next ?? '' })).rejects.toMatchObject(refused);
      await expect(the.store.query({ cursor: 'x' })).rejects.toMatchObject(refused);
      const fields = JSON.parse(Buffer.from(next ?? '', 'base64url').toString()) as unknown[];
      for (const snapshot of ['1:2:', '::::', '9:9', ',,,', '1:5:3:', '1:2:9:4,3', '1:2:9:10', '1:2:9:,']) {
        const forged = Buffer.from(JSON.stringify([...fields.slice(0, -1), snapshot])).toString('base64url');
        await expect(the.store.query({ cursor: forged })).rejects.toMatchObject(refused);
      }
      await expect(the.store.query({ limit: PAGE_LIMIT_MAX + 1 })).rejects.toMatchObject({
        code: 'FACT_QUERY_INVALID',
      });
      await expect(the.store.query({ limit: 0 })).rejects.toMatchObject({ code: 'FACT_QUERY_INVALID' });
      await the.store.query({ limit: PAGE_LIMIT_MAX });
    });
  });

  describe('history', () => {
    it('pages through versions in order of recording, as they stood at the first page', async () => {
      for (const value of ['a', 'b', 'c']) await the.store.put(aPut({ value, validFrom: at('08:00') }));
      const first = await the.store.history({ subject: 'host:web', limit: 2 });
      await the.store.put(aPut({ value: 'd', validFrom: at('08:00') }));
      const cursor = first.next ?? '';
      const second = await the.store.history({ subject: 'host:web', limit: 2, cursor });
      expect(first.facts.map((f) => f.value)).toEqual(['a', 'b']);
      expect(second.facts.map((f) => [f.value, f.supersededAt])).toEqual([['c', null]]);
      expect(second.next).toBeNull();
    });
  });

  describe('diff', () => {
    it('tells what changed between two instants on either axis', async () => {
      await the.store.putMany([
        aPut({ subject: 'host:a', validFrom: at('08:00') }),
        aPut({ subject: 'host:b', validFrom: at('08:00') }),
      ]);
      const before = await the.store.put(aPut({ subject: 'host:c', validFrom: at('08:00') }));
      await the.store.put(aPut({ subject: 'host:a', value: 'v2', validFrom: at('10:00') }));
      await the.store.put(aPut({ subject: 'host:d', validFrom: at('10:00') }));
      await the.store.end({
        subject: 'host:b',
        predicate: 'os',
        validFrom: at('10:00'),
        actor: 'test:bob',
        reason: '',
      });
      const brief = async (from: object, to: object, limit = 100): Promise<unknown[]> => {
        const changes = [];
        let page = await the.store.diff({ from, to, limit });
        for (;;) {
          changes.push(...page.changes);
          if (page.next === null) break;
          page = await the.store.diff({ from, to, limit, cursor: page.next });
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

  describe('stream', () => {
    it('gives all facts as of its start', async () => {
      await the.store.putMany(
        Array.from({ length: 25 }, (_, n) => aPut({ subject: `host:${String(n).padStart(2, '0')}` })),
      );
      const seen: string[] = [];
      for await (const fact of the.store.stream({ limit: 10 })) {
        if (seen.length === 0) await the.store.put(aPut({ subject: 'host:99' }));
        seen.push(fact.subject);
      }
      expect(seen).toHaveLength(25);
    });
  });
}
