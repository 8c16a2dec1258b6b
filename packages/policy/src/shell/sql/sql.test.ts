import { readFileSync } from 'node:fs';
import { systemClock, tierRank } from '@praxis/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  SQL_DEPTH_MAX,
  SQL_LENGTH_MAX,
  SQL_REASONS_MAX,
  SQL_TOKENS_MAX,
  type SqlDialect,
} from './dialect.ts';
import { analyseSql } from './sql.ts';
import { HIDDEN_WRITES_MAX } from './statement.ts';

interface Vector {
  readonly text: string;
  readonly dialect: SqlDialect;
  readonly expect: 'T0' | 'T1' | 'T2' | 'T3';
}

const DIALECTS: readonly SqlDialect[] = ['psql', 'mysql', 'sqlite3', 'mongosh'];

const vectors: Vector[] = readFileSync(
  new URL('../../../../../vectors/classify-sql.jsonl', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Vector);

function codes(text: string, dialect: SqlDialect): string[] {
  return analyseSql(text, dialect).reasons.map((reason) => reason.code);
}

describe('analyseSql on the corpus', () => {
  it('has a corpus of some size', () => {
    expect(vectors.length).toBeGreaterThan(400);
  });

  it('flags no harmless text', () => {
    const flagged = vectors.filter((v) => v.expect === 'T0' && analyseSql(v.text, v.dialect).tier !== 'T0');
    expect(flagged).toEqual([]);
  });

  it('gives everything else at least its tier', () => {
    const missed = vectors.filter((v) => tierRank(analyseSql(v.text, v.dialect).tier) < tierRank(v.expect));
    expect(missed).toEqual([]);
  });
});

describe('analyseSql', () => {
  it('explains what it found', () => {
    expect(codes('DELETE FROM t', 'psql')).toEqual(['sql-write', 'sql-no-where']);
    expect(codes('DELETE FROM t WHERE 1=1', 'psql')).toContain('sql-vacuous-where');
    expect(codes("SELECT 'x", 'psql')).toContain('sql-unreadable');
    expect(codes('\\! id', 'psql')).toContain('sql-client-command');
    expect(codes('SELECT 1', 'psql')).toEqual([]);
  });

  it('reads backslashes by dialect', () => {
    expect(analyseSql(String.raw`SELECT '\'; DROP TABLE t; --'`, 'mysql').tier).toBe('T0');
    expect(analyseSql(String.raw`SELECT '\'; DROP TABLE t; --'`, 'sqlite3').tier).toBe('T3');
  });

  it('ends a statement where the sqlite3 shell does', () => {
    expect(analyseSql('SELECT 1\ngo\nDROP TABLE t', 'sqlite3').tier).toBe('T3');
    expect(analyseSql('SELECT 1\n/\nDROP TABLE t', 'sqlite3').tier).toBe('T3');
  });

  it('refuses a text longer than the bound', () => {
    const spaces = (length: number): string => ' '.repeat(length);
    expect(analyseSql(spaces(SQL_LENGTH_MAX), 'psql').tier).toBe('T0');
    expect(codes(spaces(SQL_LENGTH_MAX + 1), 'psql')).toEqual(['sql-too-long']);
    expect(codes(spaces(SQL_LENGTH_MAX + 1), 'mongosh')).toEqual(['sql-too-long']);
  });

  it('refuses more tokens than the bound', () => {
    const list = (tokens: number): string => `VALUES ${'1,'.repeat((tokens - 2) / 2)}1`;
    expect(analyseSql(list(SQL_TOKENS_MAX), 'psql').tier).toBe('T0');
    expect(codes(list(SQL_TOKENS_MAX + 2), 'psql')).toContain('sql-unreadable');
  });

  it('refuses statements nested deeper than the bound', () => {
    const prepared = (depth: number): string => `${'PREPARE p AS '.repeat(depth)}SELECT 1`;
    expect(analyseSql(prepared(SQL_DEPTH_MAX), 'psql').tier).toBe('T0');
    expect(codes(prepared(SQL_DEPTH_MAX + 1), 'psql')).toEqual(['sql-too-deep']);
  });

  it('refuses more hidden writes than the bound, and keeps a bounded list of reasons', () => {
    const hidden = (count: number): string => `SELECT 1 ${'(DELETE FROM t WHERE a = 1)'.repeat(count)}`;
    expect(analyseSql(hidden(HIDDEN_WRITES_MAX), 'psql').tier).toBe('T2');
    expect(analyseSql(hidden(HIDDEN_WRITES_MAX + 1), 'psql').tier).toBe('T3');
    expect(codes('DROP TABLE t;'.repeat(200), 'psql')).toHaveLength(SQL_REASONS_MAX);
  });

  it.each([
    '(',
    "'",
    '/*',
    '$a$',
    '(DELETE x ',
    'BEGIN ',
    '`',
    'a.b(',
    '[',
    ';',
    '\\',
    'x OR ',
    '/*!1 ',
    ' / ',
  ])('stays quick on 64 KiB of %s', (piece) => {
    const text = piece.repeat(SQL_LENGTH_MAX / piece.length);
    const startedMs = systemClock.monotonicMs();
    for (const dialect of DIALECTS) analyseSql(text, dialect);
    expect(systemClock.monotonicMs() - startedMs).toBeLessThan(2000);
  });
});

describe('analyseSql for any text', () => {
  const anyDialect = fc.constantFrom(...DIALECTS);
  const fragment = fc.constantFrom(...vectors.map((v) => v.text));
  // A quote left open swallows what is joined on, so only whole texts can be held to this.
  const whole = fragment.filter((text) => DIALECTS.every((d) => !codes(text, d).includes('sql-unreadable')));

  it('gives a tier', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), anyDialect, (text, dialect) => {
        expect(['T0', 'T1', 'T2', 'T3']).toContain(analyseSql(text, dialect).tier);
      }),
      { numRuns: 500 },
    );
  });

  it('never falls when another statement is joined on', () => {
    fc.assert(
      fc.property(whole, fragment, anyDialect, (first, second, dialect) => {
        const alone = analyseSql(first, dialect).tier;
        expect(tierRank(analyseSql(`${first}\n;\n${second}`, dialect).tier)).toBeGreaterThanOrEqual(
          tierRank(alone),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
