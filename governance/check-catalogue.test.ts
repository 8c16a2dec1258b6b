import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';
import { type Catalogue, readCatalogue } from './catalogue.ts';
import { checkCatalogue } from './check-catalogue.ts';
import { type Registered, registered } from './registered.ts';
import { declaredTests } from './test-names.ts';

const ROOT = join(import.meta.dirname, '..');
const DATA = join(import.meta.dirname, 'data');

/** The problems that appear when the real catalogue, or what the program registers, is changed so. */
function problemsOf(
  change: (catalogue: Catalogue) => void,
  changed: Partial<Registered> = {},
): readonly string[] {
  const catalogue = structuredClone(readCatalogue(DATA));
  change(catalogue);
  return checkCatalogue(catalogue, { root: ROOT, registered: { ...registered(), ...changed } }).problems;
}

function action(catalogue: Catalogue, id: string): Catalogue['unsafeControlActions'][number] {
  const found = catalogue.unsafeControlActions.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
}

describe('the hazard analysis', () => {
  it('holds against the code as it is', () => {
    const report = checkCatalogue(readCatalogue(DATA), { root: ROOT, registered: registered() });
    expect(report.problems).toEqual([]);
    expect(report.counts).toMatchObject({ invariants: 9, 'unsafe control actions': 31 });
  });

  it.each<[string, (catalogue: Catalogue) => void, RegExp]>([
    [
      'a module that is not there',
      (c) => action(c, 'UCA-2').modules.push('packages/gate/src/gone.ts'),
      /^UCA-2: no module/,
    ],
    [
      'a test file that is not there',
      (c) => action(c, 'UCA-2').tests.push({ file: 'packages/x.test.ts', name: 'x' }),
      /^UCA-2: no test file/,
    ],
    [
      'a test that its file does not declare',
      (c) =>
        action(c, 'UCA-2').tests.push({ file: 'packages/gate/test/execution.test.ts', name: 'is perfect' }),
      /^UCA-2: .* has no test `is perfect`/,
    ],
    [
      'a missing module of an invariant',
      (c) => c.invariants[0]?.modules.push('packages/gone.ts'),
      /^invariant 1: no module/,
    ],
    ['a missing row', (c) => c.unsafeControlActions.splice(4, 1), /^unsafe control action UCA-5 is missing$/],
    [
      'a row that is there twice',
      (c) => c.unsafeControlActions.push(action(c, 'UCA-5')),
      /UCA-5 is there more than once/,
    ],
    [
      'a row beyond the last',
      (c) => c.unsafeControlActions.push({ ...action(c, 'UCA-5'), id: 'UCA-32' }),
      /UCA-32 is not known/,
    ],
    ['a missing invariant', (c) => c.invariants.pop(), /^invariant 9 is missing$/],
    [
      'a constraint that is not defined',
      (c) => action(c, 'UCA-5').constraints.push('SEC-11'),
      /SEC-11 is named but not defined/,
    ],
    [
      'a constraint that prevents nothing',
      (c) =>
        c.unsafeControlActions.forEach(
          (one) => (one.constraints = one.constraints.filter((id) => id !== 'SEC-9')),
        ),
      /SEC-9 is named by nothing/,
    ],
    [
      'a hazard that leads to an unknown loss',
      (c) => c.hazards[0]?.losses.push('L-7'),
      /L-7 is named but not defined/,
    ],
    [
      'an invariant and a constraint that disagree',
      (c) => c.invariants[0]?.constraints.push('SEC-7'),
      /invariant 1 and SEC-7/,
    ],
    [
      'a row for a tool that is not there',
      (c) => action(c, 'UCA-1').covers.push('tool:gone'),
      /covers tool:gone, which is not registered/,
    ],
  ])('is refused for %s', (_what, change, problem) => {
    expect(problemsOf(change)).toContainEqual(expect.stringMatching(problem));
  });

  it.each<[string, Partial<Registered>, string]>([
    [
      'an act tool',
      { actTools: [...registered().actTools, 'delete_fact'] },
      'tool:delete_fact is registered',
    ],
    ['an adapter', { adapters: [...registered().adapters, 'teleport'] }, 'adapter:teleport is registered'],
    [
      'an operator act',
      { operatorActs: [...registered().operatorActs, 'ledger.reset'] },
      'operator:ledger.reset is registered',
    ],
    [
      'an adapter whose rows are marked as planned',
      { adapters: [...registered().adapters, 'helm'] },
      'UCA-31 is marked as planned',
    ],
  ])('is refused for %s without an enforced row', (_what, changed, problem) => {
    expect(problemsOf(() => undefined, changed)).toContainEqual(expect.stringContaining(problem));
  });

  it('is refused when almost nothing was read', () => {
    expect(problemsOf(() => undefined, { actTools: [] })).toContainEqual(
      expect.stringMatching(/only 0 act tools/),
    );
    expect(problemsOf(() => undefined, { operatorActs: [] })).toContainEqual(
      expect.stringMatching(/only 0 operator acts/),
    );
    expect(problemsOf((c) => c.unsafeControlActions.splice(0))).toContainEqual(
      expect.stringMatching(/only \d+ proving tests/),
    );
  });

  it.each([
    ['unsafe-control-actions.yaml', '- { id: UCA-1, statement: too little else }'],
    ['invariants.yaml', '- { id: 10 }'],
    ['losses.yaml', 'no list'],
    ['hazards.yaml', '- ['],
  ])('is refused when %s has not its shape', (file, text) => {
    using dir = makeTempDir();
    cpSync(DATA, dir.path, { recursive: true });
    expect(readCatalogue(dir.path).losses).toHaveLength(6);
    writeFileSync(join(dir.path, file), text);
    expect(() => readCatalogue(dir.path)).toThrow();
  });
});

describe('declaredTests', () => {
  it('finds tests by their text, in tables and templates too, and nothing in comments', () => {
    const text =
      "it('a', f); test(\"b\", f); it.each([1])('c %s', f); it(`d ${x}`, f); it.each`x`('e', f); // it('f', f)\nfit('g'); expect('h');";
    expect([...declaredTests('x.ts', text).names].sort()).toEqual(['a', 'b', 'c %s', 'd ${x}', 'e']);
  });

  it.each([
    "it.skip('a', f)",
    "describe.skip('a', () => { it('b', f) })",
    "it.only('a', f)",
    "it.todo('a')",
    "it.skip.each([1])('a', f)",
  ])('tells that %s does not run', (text) => {
    expect(declaredTests('x.ts', text).disabled).not.toEqual([]);
  });

  it('refuses what does not parse', () => {
    expect(() => declaredTests('x.ts', 'it(')).toThrow();
  });
});
