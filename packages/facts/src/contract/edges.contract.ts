import { beforeEach, describe, expect, it } from 'vitest';

import type { PutFact } from '../store.ts';
import { aPut, at, type Setting } from './setting.contract.ts';

/** Edges and walks over them. */
export function edgesContract(the: Setting): void {
  describe('edges', () => {
    const edge = (subject: string, predicate: string, target: string, more: Partial<PutFact> = {}): PutFact =>
      aPut({ subject, predicate, target, value: {}, validFrom: at('08:00'), ...more });

    beforeEach(async () => {
      await the.store.putMany([
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
      const { reached, truncated } = await the.store.traverse({ from: 'pool:x', direction: 'in' });
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
      expect((await the.store.query({ subject: 'host:b', edge: true })).facts.map((f) => f.target)).toEqual([
        'pool:x',
        'pool:y',
      ]);
      expect((await the.store.query({ target: 'pool:x' })).facts.map((f) => f.subject)).toEqual([
        'host:a',
        'host:b',
      ]);
    });

    it('are followed by direction, relation and depth', async () => {
      const names = async (query: object): Promise<string[]> =>
        (await the.store.traverse({ from: 'service:web', ...query })).reached.map((r) => r.subject);
      expect(await names({ relations: ['runs_on', 'mounts'] })).toEqual(['host:a', 'pool:x']);
      expect(await names({ depthMax: 1 })).toEqual(['service:db', 'host:a']);
      expect(await names({ direction: 'in' })).toEqual(['service:db']);
      expect((await the.store.traverse({ from: 'service:web', depthMax: 1 })).truncated).toBe(true);
      expect((await the.store.traverse({ from: 'pool:x', direction: 'in', subjectsMax: 2 })).truncated).toBe(
        true,
      );
    });

    it('are walked as of any instant on both axes', async () => {
      const before = (await the.store.query({ target: 'pool:x' })).facts[0]?.recordedAt ?? 0;
      const gone = { subject: 'host:a', predicate: 'mounts', valueKey: 'pool:x', validFrom: at('10:00') };
      await the.store.end({ ...gone, actor: 'test:bob', reason: 'moved' });
      const impact = async (asOf: object): Promise<string[]> =>
        (await the.store.traverse({ from: 'pool:x', direction: 'in', depthMax: 1, ...asOf })).reached.map(
          (r) => r.subject,
        );
      expect(await impact({})).toEqual(['host:b']);
      expect(await impact({ validAt: at('09:00') })).toEqual(['host:a', 'host:b']);
      expect(await impact({ recordedAt: before })).toEqual(['host:a', 'host:b']);
      expect(await impact({ validAt: at('07:00') })).toEqual([]);
    });

    it('give a shortest path, or none', async () => {
      const { path } = await the.store.shortestPath({ from: 'service:web', to: 'pool:y' });
      expect(path?.map((e) => e.target)).toEqual(['service:db', 'host:b', 'pool:y']);
      expect((await the.store.shortestPath({ from: 'pool:y', to: 'service:web' })).path).toBeNull();
      expect((await the.store.shortestPath({ from: 'pool:y', to: 'pool:y' })).path).toEqual([]);
    });

    it('refuses a direction that is none, and ends that are no subjects', async () => {
      const refused = { code: 'FACT_QUERY_INVALID' };
      const direction = 'up' as 'in';
      await expect(the.store.traverse({ from: 'host:a', direction })).rejects.toMatchObject(refused);
      await expect(the.store.traverse({ from: 'a' })).rejects.toMatchObject(refused);
      await expect(the.store.shortestPath({ from: 'host:a', to: 'b' })).rejects.toMatchObject(refused);
    });

    it('are not followed where they are restricted', async () => {
      await the.store.classify({
        subject: 'host:a',
        classification: 'restricted',
        actor: 'operator:anna',
        reason: 'x',
      });
      const { reached, withheld } = await the.store.traverse({
        from: 'service:web',
        relations: ['runs_on', 'mounts'],
      });
      expect(reached.map((r) => r.subject)).toEqual(['host:a']);
      expect(withheld).toBe(1);
    });
  });
}
