import { setImmediate as nextTurnOfLoop, setTimeout as sleep } from 'node:timers/promises';

import { groupCommit } from '@praxis/storage';
import { describe, expect, it } from 'vitest';

import { bulkTurns } from './sqlite-bulk-turns.ts';

function commitsThatTell(told: string[]): ReturnType<typeof groupCommit<string, null>> {
  return groupCommit<string, null>({
    commit: (requests) => {
      told.push(requests.join('+'));
      return requests.map(() => ({ ok: true, value: null }));
    },
  });
}

/** A transaction that tells when it begins and ends. */
function transaction(told: string[], name: string, takesMs = 10): () => Promise<string> {
  return async () => {
    told.push(`begin ${name}`);
    await sleep(takesMs);
    told.push(`end ${name}`);
    return name;
  };
}

describe('bulkTurns', () => {
  it('begins at once where nobody else writes, and what comes then while that is under way', async () => {
    const told: string[] = [];
    const inTurn = bulkTurns(commitsThatTell(told));
    const first = inTurn(transaction(told, 'a'));
    const second = inTurn(transaction(told, 'b', 20));
    expect(told).toEqual(['begin a', 'begin b']);
    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
  });

  it('begins the next of a caller who comes back with it before anything else happens', async () => {
    const told: string[] = [];
    const inTurn = bulkTurns(commitsThatTell(told));
    await inTurn(transaction(told, 'a'));
    const next = inTurn(transaction(told, 'b'));
    expect(told).toEqual(['begin a', 'end a', 'begin b']);
    expect(await next).toBe('b');
  });

  it('lets whoever waits have a turn before more bulk begins', async () => {
    const told: string[] = [];
    const commits = commitsThatTell(told);
    const inTurn = bulkTurns(commits);
    const first = inTurn(transaction(told, 'a'));
    const single = commits.submit('single');
    const later = [inTurn(transaction(told, 'b')), inTurn(transaction(told, 'c', 20))];
    await Promise.all([first, single, ...later]);
    expect(told).toEqual(['begin a', 'end a', 'single', 'begin b', 'begin c', 'end b', 'end c']);
  });

  it('ends a turn in which a transaction fails, and tells its caller alone', async () => {
    const told: string[] = [];
    const commits = commitsThatTell(told);
    const inTurn = bulkTurns(commits);
    const failing = inTurn(() => Promise.reject(new Error('disk')));
    const other = inTurn(transaction(told, 'b'));
    await expect(failing).rejects.toThrow('disk');
    expect(await other).toBe('b');
    await nextTurnOfLoop();
    await commits.submit('single');
    expect(told.at(-1)).toBe('single');
  });

  it('refuses what comes once the store is closed', async () => {
    const told: string[] = [];
    const commits = commitsThatTell(told);
    const inTurn = bulkTurns(commits);
    const under = inTurn(transaction(told, 'a'));
    const closing = commits.close();
    await expect(inTurn(transaction(told, 'b'))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await expect(inTurn(transaction(told, 'c'))).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(await under).toBe('a');
    await closing;
    expect(told).toEqual(['begin a', 'end a']);
  });
});
