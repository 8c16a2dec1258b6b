import { errorCode } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import { compileTables, loadTables, parseTable } from './table.ts';

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return errorCode(error);
  }
  return 'none';
}

describe('parseTable', () => {
  it('refuses what the schema does not know', () => {
    expect(codeOf(() => parseTable('family: x\ncommands: { a: { teir: T1 } }', 'x.yaml'))).toBe(
      'SHELL_TABLE_INVALID',
    );
    expect(codeOf(() => parseTable('family: x\ncommands: { a: { tier: T9 } }', 'x.yaml'))).toBe(
      'SHELL_TABLE_INVALID',
    );
    expect(codeOf(() => parseTable('family: [', 'x.yaml'))).toBe('SHELL_TABLE_INVALID');
  });
});

describe('compileTables', () => {
  it('refuses a name that stands twice', () => {
    const table = { family: 'x', commands: { 'a b': {}, b: {} } };
    expect(codeOf(() => compileTables([table]))).toBe('SHELL_TABLE_DUPLICATE');
    const nested = { family: 'x', commands: { a: { subcommands: { 'x y': {}, y: {} } } } };
    expect(codeOf(() => compileTables([nested]))).toBe('SHELL_TABLE_DUPLICATE');
  });

  it('refuses a reference to nothing', () => {
    expect(codeOf(() => compileTables([{ family: 'x', commands: { a: { sameAs: 'b' } } }]))).toBe(
      'SHELL_TABLE_UNKNOWN_REFERENCE',
    );
    const circle = { family: 'x', commands: { a: { sameAs: 'b' }, b: { sameAs: 'a' } } };
    expect(codeOf(() => compileTables([circle]))).toBe('SHELL_TABLE_UNKNOWN_REFERENCE');
  });

  it('gives an unknown flag the worst tier of the entry', () => {
    const { commands } = compileTables([
      {
        family: 'x',
        commands: {
          reads: { tier: 'T0', switches: '-a' },
          raises: { tier: 'T0', flags: { '-w': { tier: 'T2' } } },
          runs: { tier: 'T0', flags: { '-x': { role: 'shell' } } },
          nested: { tier: 'T0', subcommands: { gone: { tier: 'T3' } } },
          stated: { tier: 'T0', highest: 'T1', flags: { '-x': { role: 'shell' } } },
        },
      },
    ]);
    const highest = (name: string): number | undefined => commands.get(name)?.highest;
    expect(['reads', 'raises', 'runs', 'nested', 'stated'].map(highest)).toEqual([0, 2, 3, 3, 1]);
  });

  it('lets a subcommand inherit tier, style and flags of its parent', () => {
    const { commands } = compileTables([
      { family: 'x', commands: { a: { tier: 'T2', style: 'single-dash', subcommands: { b: {} } } } },
    ]);
    const sub = commands.get('a')?.subcommands?.get('b');
    expect(sub).toMatchObject({ id: 'a b', rank: 2, style: 'single-dash' });
  });
});

describe('loadTables', () => {
  it('compiles every shipped table', () => {
    const { commands, variables } = loadTables();
    expect(commands.size).toBeGreaterThan(900);
    expect(variables.get('LD_PRELOAD')?.rank).toBe(3);
    expect(new Set([...commands.values()].map((rule) => rule.family)).size).toBeGreaterThan(15);
  });
});
