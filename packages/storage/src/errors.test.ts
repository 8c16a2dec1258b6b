import { describe, expect, it } from 'vitest';

import { fromSqlite, StorageError } from './errors.ts';

describe('an error of SQLite', () => {
  const cases: [errcode: number, code: string, retryable: boolean][] = [
    [13, 'STORE_FULL', true],
    // SQLITE_IOERR_SHMSIZE: no room for the shared memory of the log.
    [4874, 'STORE_FULL', true],
    [778, 'STORE_IO', false],
    [5, 'STORE_LOCKED', true],
    [517, 'STORE_LOCKED', true],
    [11, 'STORE_CORRUPT', false],
    [1, 'STORE_FAILED', false],
  ];

  it.each(cases)('with result code %i is %s', (errcode, code, retryable) => {
    const error = fromSqlite(Object.assign(new Error('x'), { errcode }), 'testing');
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ code, retryable, fields: { sqlite_code: errcode & 0xff } });
  });

  it('is nothing else', () => {
    const other = new Error('x');
    expect(fromSqlite(other, 'testing')).toBe(other);
  });
});
