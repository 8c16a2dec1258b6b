import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalogue, ProvingTest } from './catalogue.ts';
import type { Registered } from './registered.ts';
import { declaredTests } from './test-names.ts';

/** How many of each there are; a catalogue with fewer or more was cut or grew unseen. */
const LOSSES = 6;
const HAZARDS = 10;
const CONSTRAINTS = 10;
const INVARIANTS = 9;
const UNSAFE_CONTROL_ACTIONS = 31;
/** Far fewer than there are: a check that reads almost nothing is no check. */
const MODULES_MIN = 25;
const TEST_FILES_MIN = 10;
const TESTS_MIN = 50;
const ACT_TOOLS_MIN = 3;
const ADAPTERS_MIN = 2;
const OPERATOR_ACTS_MIN = 8;

export interface GovernanceReport {
  readonly counts: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

/** Where the catalogue is checked against. */
export interface CheckedAgainst {
  /** The root of the workspace that modules and tests are looked up in. */
  readonly root: string;
  readonly registered: Registered;
}

/** Holds the analysis against the code: everything it names exists, and everything that can act is named. */
export function checkCatalogue(catalogue: Catalogue, { root, registered }: CheckedAgainst): GovernanceReport {
  const proofs = checkProofs(catalogue, root);
  const counts = {
    losses: catalogue.losses.length,
    hazards: catalogue.hazards.length,
    'system constraints': catalogue.constraints.system.length,
    'security constraints': catalogue.constraints.security.length,
    invariants: catalogue.invariants.length,
    'unsafe control actions': catalogue.unsafeControlActions.length,
    modules: proofs.modules,
    'test files': proofs.testFiles,
    'proving tests': proofs.tests,
    'act tools': registered.actTools.length,
    adapters: registered.adapters.length,
    'operator acts': registered.operatorActs.length,
  };
  const problems = [
    ...numbering(catalogue),
    ...references(catalogue),
    ...proofs.problems,
    ...coverage(catalogue, registered),
    ...tooFew(counts),
  ];
  return { counts, problems };
}

function numbering(catalogue: Catalogue): string[] {
  const { losses, hazards, constraints, invariants, unsafeControlActions } = catalogue;
  const ids = (entries: readonly { id: string | number }[]): string[] =>
    entries.map((entry) => String(entry.id));
  return [
    ...exactly('loss', ids(losses), wanted('L-', LOSSES)),
    ...exactly('hazard', ids(hazards), wanted('H-', HAZARDS)),
    ...exactly('system constraint', ids(constraints.system), wanted('SC-', CONSTRAINTS)),
    ...exactly('security constraint', ids(constraints.security), wanted('SEC-', CONSTRAINTS)),
    ...exactly('invariant', ids(invariants), wanted('', INVARIANTS)),
    ...exactly('unsafe control action', ids(unsafeControlActions), wanted('UCA-', UNSAFE_CONTROL_ACTIONS)),
  ];
}

function wanted(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);
}

function exactly(what: string, found: readonly string[], expected: readonly string[]): string[] {
  const times = (id: string): number => found.filter((one) => one === id).length;
  return [
    ...expected.filter((id) => times(id) === 0).map((id) => `${what} ${id} is missing`),
    ...expected.filter((id) => times(id) > 1).map((id) => `${what} ${id} is there more than once`),
    ...found.filter((id) => !expected.includes(id)).map((id) => `${what} ${id} is not known`),
  ];
}

/** Every chain holds: losses come from hazards, hazards are met by constraints, constraints prevent actions. */
function references({ losses, hazards, constraints, invariants, unsafeControlActions }: Catalogue): string[] {
  const { system, security } = constraints;
  return [
    ...unused(
      'loss',
      losses,
      hazards.flatMap((hazard) => hazard.losses),
    ),
    ...unused(
      'system constraint',
      system,
      hazards.map((hazard) => hazard.constraint),
    ),
    ...unused(
      'system constraint',
      system,
      security.flatMap((one) => one.refines),
    ),
    ...unused(
      'hazard',
      hazards,
      unsafeControlActions.flatMap((action) => action.hazards),
    ),
    ...unused(
      'security constraint',
      security,
      unsafeControlActions.flatMap((action) => action.constraints),
    ),
    ...unused(
      'security constraint',
      security,
      invariants.flatMap((invariant) => invariant.constraints),
    ),
    ...unused(
      'invariant',
      invariants,
      security.flatMap((one) => one.invariants),
    ),
    ...invariants.flatMap((invariant) =>
      security
        .filter((one) => one.invariants.includes(invariant.id) !== invariant.constraints.includes(one.id))
        .map((one) => `invariant ${invariant.id} and ${one.id} do not name each other`),
    ),
  ];
}

/** Both directions: what is named is defined, and what is defined is named at least once. */
function unused(
  what: string,
  defined: readonly { id: string | number }[],
  named: readonly (string | number)[],
): string[] {
  const ids = defined.map((one) => one.id);
  return [
    ...ids.filter((id) => !named.includes(id)).map((id) => `${what} ${id} is named by nothing`),
    ...new Set(named.filter((id) => !ids.includes(id)).map((id) => `${what} ${id} is named but not defined`)),
  ];
}

interface Proofs {
  readonly problems: readonly string[];
  readonly modules: number;
  readonly testFiles: number;
  readonly tests: number;
}

function checkProofs({ invariants, unsafeControlActions }: Catalogue, root: string): Proofs {
  const entries = [
    ...invariants.map((entry) => ({ ...entry, label: `invariant ${entry.id}` })),
    ...unsafeControlActions.map((entry) => ({ ...entry, label: entry.id })),
  ];
  const files = new TestFiles(root);
  const problems = entries.flatMap((entry) => [
    ...entry.modules
      .filter((module) => !existsSync(join(root, module)))
      .map((module) => `${entry.label}: no module ${module}`),
    ...entry.tests.flatMap((test) => files.problems(test).map((problem) => `${entry.label}: ${problem}`)),
  ]);
  return {
    problems,
    modules: new Set(entries.flatMap((entry) => entry.modules)).size,
    testFiles: files.read,
    tests: entries.flatMap((entry) => entry.tests).length,
  };
}

/** Test files, each parsed once. */
class TestFiles {
  readonly #root: string;
  readonly #parsed = new Map<string, ReturnType<typeof declaredTests> | null>();

  constructor(root: string) {
    this.#root = root;
  }

  get read(): number {
    return [...this.#parsed.values()].filter((one) => one !== null).length;
  }

  problems({ file, name }: ProvingTest): string[] {
    const declared = this.#declared(file);
    if (declared === null) return [`no test file ${file}`];
    const disabled = declared.disabled.map(
      (call) => `${file} holds ${call}: a test that does not run proves nothing`,
    );
    return declared.names.has(name) ? disabled : [...disabled, `${file} has no test \`${name}\``];
  }

  #declared(file: string): ReturnType<typeof declaredTests> | null {
    const known = this.#parsed.get(file);
    if (known !== undefined) return known;
    const full = join(this.#root, file);
    const declared = existsSync(full) ? declaredTests(file, readFileSync(full, 'utf8')) : null;
    this.#parsed.set(file, declared);
    return declared;
  }
}

/** Whatever can act has a row that says how it could harm; a row for what is not there says so. */
function coverage({ unsafeControlActions }: Catalogue, registered: Registered): string[] {
  const present = [
    ...registered.actTools.map((name) => `tool:${name}`),
    ...registered.adapters.map((name) => `adapter:${name}`),
    ...registered.operatorActs.map((name) => `operator:${name}`),
  ];
  const known = new Set([...present, ...registered.readTools.map((name) => `tool:${name}`)]);
  const enforced = unsafeControlActions.filter((action) => action.status === 'enforced');
  const covered = new Set(enforced.flatMap((action) => action.covers));
  const planned = unsafeControlActions.filter((action) => action.status === 'planned-adapter');
  return [
    ...present
      .filter((one) => !covered.has(one))
      .map((one) => `${one} is registered and no unsafe control action covers it`),
    ...planned.flatMap((action) =>
      action.covers
        .filter((one) => known.has(one))
        .map((one) => `${action.id} is marked as planned, but ${one} is registered`),
    ),
    ...enforced.flatMap((action) =>
      action.covers
        .filter((one) => !one.startsWith('act:') && !known.has(one))
        .map((one) => `${action.id} covers ${one}, which is not registered`),
    ),
  ];
}

function tooFew(counts: Readonly<Record<string, number>>): string[] {
  const minimum = {
    modules: MODULES_MIN,
    'test files': TEST_FILES_MIN,
    'proving tests': TESTS_MIN,
    'act tools': ACT_TOOLS_MIN,
    adapters: ADAPTERS_MIN,
    'operator acts': OPERATOR_ACTS_MIN,
  };
  return Object.entries(minimum)
    .filter(([what, least]) => (counts[what] ?? 0) < least)
    .map(([what, least]) => `only ${counts[what] ?? 0} ${what} were read, at least ${least} are there`);
}
