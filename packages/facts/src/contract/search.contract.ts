import { describe, expect, it } from 'vitest';

import { aPut, at, type Setting } from './setting.contract.ts';

/** Searching by words and by vectors. */
export function searchContract(the: Setting): void {
  describe('full text', () => {
    it('finds facts by their words, as of any instant', async () => {
      await the.store.put(
        aPut({
          subject: 'host:a',
          value: { banner: 'OpenSSH_9.2 Debian', port: 22 },
          validFrom: at('08:00'),
        }),
      );
      const first = await the.store.put(
        aPut({ subject: 'host:b', value: ['Größe', 'nginx/1.22'], validFrom: at('08:00') }),
      );
      const find = async (text: string, asOf: object = {}): Promise<string[]> =>
        (await the.store.query({ text, ...asOf })).facts.map((f) => f.subject);
      expect(await find('openssh')).toEqual(['host:a']);
      expect(await find('debian 22')).toEqual(['host:a']);
      expect(await find('GRÖSSE')).toEqual([]);
      expect(await find('größe')).toEqual(['host:b']);
      expect(await find('ngin*')).toEqual(['host:b']);
      expect(await find('ngin')).toEqual([]);
      expect(await find('host')).toEqual(['host:a', 'host:b']);
      await the.store.put(aPut({ subject: 'host:b', value: 'caddy', validFrom: at('10:00') }));
      expect(await find('nginx')).toEqual([]);
      expect(await find('nginx', { validAt: at('09:00') })).toEqual(['host:b']);
      expect(await find('nginx', { recordedAt: first.recordedAt })).toEqual(['host:b']);
      expect(await find(`"' OR & | ! <-> AND host:a)`)).toEqual([]);
    });

    it('refuses a search without words', async () => {
      await expect(the.store.query({ text: ' *' })).rejects.toMatchObject({ code: 'FACT_QUERY_INVALID' });
      await expect(the.store.query({ text: 'a '.repeat(17) })).rejects.toMatchObject({
        code: 'FACT_QUERY_INVALID',
      });
    });
  });

  describe('vectors', () => {
    it('rank facts by cosine, as of any instant, without the restricted ones', async () => {
      const [a, b, c] = await the.store.putMany(
        ['a', 'b', 'c'].map((n) => aPut({ subject: `host:${n}`, value: n })),
      );
      const vector = (...numbers: number[]): Float32Array => new Float32Array(numbers);
      await the.store.embed('m1', [
        { contentHash: a?.contentHash ?? '', vector: vector(1, 0) },
        { contentHash: b?.contentHash ?? '', vector: vector(3, 4) },
        { contentHash: c?.contentHash ?? '', vector: vector(-1, 0) },
      ]);
      await the.store.embed('m1', [{ contentHash: a?.contentHash ?? '', vector: vector(0, 9) }]);
      const near = async (more: object = {}): Promise<unknown[]> =>
        (await the.store.nearest({ model: 'm1', vector: vector(2, 0), ...more })).facts.map((n) => [
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
      await the.store.put(aPut({ subject: 'host:a', value: 'other' }));
      expect((await near({ limit: 1 }))[0]).toEqual(['host:b', 0.6]);
      expect((await near({ limit: 1, recordedAt: a?.recordedAt }))[0]).toEqual(['host:a', 1]);
      await the.store.classify({
        subject: 'host:b',
        classification: 'restricted',
        actor: 'operator:anna',
        reason: 'x',
      });
      expect(await the.store.nearest({ model: 'm1', vector: vector(2, 0) })).toMatchObject({ withheld: 1 });
      await expect(the.store.nearest({ model: 'm1', vector: vector(0, 0) })).rejects.toMatchObject({
        code: 'FACT_QUERY_INVALID',
      });
    });
  });
}
