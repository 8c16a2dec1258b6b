import type { Json, JsonObject } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareValues } from './compare.ts';
import { DETAIL_ENTRIES_MAX } from './finding.ts';

const table = (rows: readonly JsonObject[]): JsonObject => ({ rows, count: rows.length });
const user = (username: string, shell = '/bin/sh'): JsonObject => ({ username, uid: '1', shell });

const rowsArbitrary = fc.array(
  fc.record({
    username: fc.constantFrom('a', 'b', 'c', 'd'),
    uid: fc.constantFrom('1', '2'),
    shell: fc.constantFrom('x', 'y'),
  }),
  { maxLength: 12 },
);

/** Far above what linear work takes on a busy machine, and far below what quadratic work takes on a fast one. */
const QUADRATIC_MS = 10_000;

describe('compareValues', () => {
  it('finds nothing between equal values', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (value) => compareValues('p', value as Json, structuredClone(value) as Json) === null,
      ),
    );
  });

  it.each(['users', 'listening_ports', 'no-such-table'])(
    'takes no order of rows for drift in %s',
    (predicate) => {
      fc.assert(
        fc.property(
          rowsArbitrary.chain((rows) =>
            fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
          ),
          ([rows, shuffled]) => compareValues(predicate, table(rows), table(shuffled)) === null,
        ),
      );
    },
  );

  it('finds a difference exactly when the rows differ as bags', () => {
    const bag = (rows: readonly JsonObject[]): string =>
      JSON.stringify(rows.map((row) => JSON.stringify(row)).sort());
    fc.assert(
      fc.property(rowsArbitrary, rowsArbitrary, (a, b) => {
        for (const predicate of ['users', 'other']) {
          expect(compareValues(predicate, table(a), table(b)) === null).toBe(bag(a) === bag(b));
        }
      }),
    );
  });

  it('names the rows that were added, removed and changed', () => {
    const before = table([user('root'), user('gone'), user('deploy')]);
    const after = table([user('deploy', '/bin/bash'), user('mallory'), user('root')]);
    expect(compareValues('users', before, after)).toEqual({
      added: [user('mallory')],
      removed: [user('gone')],
      changed: [{ key: 'username=deploy', before: user('deploy'), after: user('deploy', '/bin/bash') }],
      counts: { added: 1, removed: 1, changed: 1 },
      truncated: false,
    });
  });

  it('leaves process ids out', () => {
    const port = (pid: string): JsonObject => ({ protocol: '6', address: '0.0.0.0', port: '22', pid });
    expect(compareValues('listening_ports', table([port('1')]), table([port('2')]))).toBeNull();
    expect(compareValues('other', table([port('1')]), table([port('2')]))).not.toBeNull();
  });

  it('tells two processes on one port from one', () => {
    const port = (name: string): JsonObject => ({ protocol: '6', address: '::', port: '80', name });
    expect(
      compareValues('listening_ports', table([port('a'), port('b')]), table([port('b')]))?.removed,
    ).toEqual([port('a')]);
  });

  it('tells rows apart by their whole key', () => {
    const port = (protocol: string, address = '::'): JsonObject => ({ protocol, address, port: '80' });
    const detail = compareValues('listening_ports', table([port('6')]), table([port('17')]));
    expect(detail).toMatchObject({ added: [port('17')], removed: [port('6')], changed: [] });
    const shared = compareValues(
      'listening_ports',
      table([port('6'), port('6', 'a')]),
      table([port('6', 'b'), port('6')]),
    );
    expect(shared).toMatchObject({ added: [port('6', 'b')], removed: [port('6', 'a')], changed: [] });
  });

  it('stays linear when all rows share a part of their key', () => {
    const rows = Array.from({ length: 40_000 }, (_, i) => ({ port: '1', address: String(i), protocol: '6' }));
    const start = performance.now();
    expect(compareValues('listening_ports', table(rows), table(rows.toReversed()))).toBeNull();
    expect(
      compareValues(
        'listening_ports',
        table(rows.map(() => ({ port: '1', address: 'a', protocol: '6' }))),
        table([]),
      ),
    ).not.toBeNull();
    expect(performance.now() - start).toBeLessThan(QUADRATIC_MS);
  });

  it('does not run the columns of a key together', () => {
    const row = (name: string, arch: string): JsonObject => ({ name, arch });
    const detail = compareValues('packages', table([row('a', 'bc')]), table([row('ab', 'c')]));
    expect(detail?.counts).toEqual({ added: 1, removed: 1, changed: 0 });
  });

  it('compares the paths of an integrity report as sets', () => {
    const report = (added: string[]): JsonObject => ({ added, clean: false });
    expect(compareValues('file_integrity', report(['/a', '/b']), report(['/b', '/a']))).toBeNull();
    expect(compareValues('file_integrity', report(['/a']), report(['/a', '/b']))?.changed[0]?.key).toBe(
      'added',
    );
  });

  it('compares flat maps member by member', () => {
    expect(compareValues('sysctl', { a: '1', b: '1' }, { b: '2', c: '1' })).toMatchObject({
      removed: [{ key: 'a', value: '1' }],
      added: [{ key: 'c', value: '1' }],
      changed: [{ key: 'b', before: '1', after: '2' }],
    });
  });

  it('takes a table that became something else for a change', () => {
    expect(compareValues('users', table([]), 'broken')?.counts.changed).toBe(1);
  });

  it('bounds the detail and keeps the counts exact', () => {
    const many = Array.from({ length: DETAIL_ENTRIES_MAX + 1 }, (_, i) => user(`u${i}`));
    const exact = compareValues('users', table([]), table(many.slice(1)));
    const over = compareValues('users', table([]), table(many));
    expect([exact?.added.length, exact?.truncated]).toEqual([DETAIL_ENTRIES_MAX, false]);
    expect([over?.added.length, over?.counts.added, over?.truncated]).toEqual([
      DETAIL_ENTRIES_MAX,
      DETAIL_ENTRIES_MAX + 1,
      true,
    ]);
  });

  it('compares 100,000 reversed rows in time that grows with their number alone', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => ({
      name: `package-${i}`,
      arch: 'amd64',
      version: `1.${i}`,
    }));
    const start = performance.now();
    expect(compareValues('packages', table(rows), table(structuredClone(rows)))).toBeNull();
    const inOrder = performance.now() - start;
    expect(compareValues('packages', table(rows), table(rows.toReversed()))).toBeNull();
    expect(performance.now() - start).toBeLessThan(QUADRATIC_MS);
    expect(inOrder).toBeLessThan(QUADRATIC_MS);
  });
});
