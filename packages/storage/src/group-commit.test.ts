import { describe, expect, it } from 'vitest';

import { StorageError } from './errors.ts';
import { groupCommit, type Settled } from './group-commit.ts';

const echo = (requests: readonly number[]): Settled<number>[] =>
  requests.map((value) => ({ ok: true, value }));

describe('groupCommit', () => {
  it('lets callers of one turn share a transaction, and answers each its own', async () => {
    const batches: number[] = [];
    const commits = groupCommit<number, number>({
      commit: (requests) => {
        batches.push(requests.length);
        return echo(requests);
      },
    });
    expect(await Promise.all([1, 2, 3].map((n) => commits.submit(n)))).toEqual([1, 2, 3]);
    expect(batches).toEqual([3]);
  });

  it('never makes a batch larger than its bound', async () => {
    const batches: number[] = [];
    const commits = groupCommit<number, number>({
      batchMax: 2,
      commit: (requests) => {
        batches.push(requests.length);
        return echo(requests);
      },
    });
    await Promise.all([1, 2, 3, 4, 5].map((n) => commits.submit(n)));
    expect(batches).toEqual([2, 2, 1]);
  });

  it('rejects one request alone, or all when the transaction fails', async () => {
    const commits = groupCommit<number, number>({
      commit: (requests) => {
        if (requests.includes(9)) throw new Error('disk');
        return requests.map((value) =>
          value === 1 ? { ok: false, error: new Error('no') } : { ok: true, value },
        );
      },
    });
    const first = await Promise.allSettled([commits.submit(1), commits.submit(2)]);
    expect(first.map((r) => r.status)).toEqual(['rejected', 'fulfilled']);
    const second = await Promise.allSettled([commits.submit(9), commits.submit(2)]);
    expect(second.map((r) => r.status)).toEqual(['rejected', 'rejected']);
    expect(await commits.submit(3)).toBe(3);
  });

  it('tries a locked store again', async () => {
    let tries = 0;
    const commits = groupCommit<number, number>({
      commit: (requests) => {
        tries += 1;
        if (tries < 4) throw new StorageError('STORE_LOCKED', 'busy');
        return echo(requests);
      },
    });
    expect(await commits.submit(1)).toBe(1);
    expect(tries).toBe(4);
  });

  it('lets the event loop have its turn however long one caller goes on', async () => {
    const commits = groupCommit<number, number>({ commit: echo });
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    for (let n = 0; n < 100; n += 1) await commits.submit(n);
    counting = false;
    expect(turns).toBeGreaterThan(5);
  });

  it('lets those join whose requests come from events of one turn', async () => {
    const batches: number[] = [];
    const commits = groupCommit<number, number>({
      commit: (requests) => {
        batches.push(requests.length);
        return echo(requests);
      },
    });
    const fromEvents = Array.from(
      { length: 4 },
      () => new Promise<number>((resolve) => setImmediate(() => resolve(commits.submit(1)))),
    );
    await Promise.all(fromEvents);
    expect(batches).toEqual([4]);
  });

  it('refuses one request more than may wait, and every request once closed', async () => {
    const commits = groupCommit<number, number>({ commit: echo, waitingMax: 2 });
    const all = await Promise.allSettled([commits.submit(1), commits.submit(2), commits.submit(3)]);
    expect(all.map((r) => r.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    const last = commits.submit(4);
    await commits.close();
    expect(await last).toBe(4);
    await expect(commits.submit(5)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('runs work alone in its turn, at once where nobody waits', async () => {
    const order: string[] = [];
    const commits = groupCommit<string, number>({
      commit: (requests) => {
        order.push(requests.join(''));
        return requests.map(() => ({ ok: true, value: 0 }));
      },
    });
    const work = (name: string) => async () => {
      order.push(`${name}(`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`)${name}`);
      return name;
    };
    const first = commits.alone(work('x'));
    expect(order).toEqual(['x(']);
    const rest = [
      commits.submit('a'),
      commits.submit('b'),
      commits.alone(work('y')),
      commits.alone(() => Promise.reject(new Error('z'))),
      commits.submit('c'),
    ];
    expect(await first).toBe('x');
    expect((await Promise.allSettled(rest)).map(({ status }) => status[0])).toEqual([
      'f',
      'f',
      'f',
      'r',
      'f',
    ]);
    expect(order).toEqual(['x(', ')x', 'ab', 'y(', ')y', 'c']);
    await commits.close();
    await expect(commits.alone(() => 1)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });
});
