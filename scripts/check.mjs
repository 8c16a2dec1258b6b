// `npm run check`: everything that is judged without running the tests.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, ROOT } from './lib/ensure-installed.mjs';
import { licenceProblems, runtimeDependencies } from './lib/licences.mjs';
import { PINNED_NODE, run, runPinned } from './lib/pinned-node.mjs';
import { Steps } from './lib/steps.mjs';

// fast-check is used through its default export (`fc.assert`), as its own documentation does.
const ALLOWED = ['--allow', 'import/no-named-as-default-member'];
const LINT = ['--config', '.oxlintrc.json', '--type-aware', '--deny-warnings', ...ALLOWED];
const PUBLINT = join(ROOT, 'node_modules', 'publint', 'src', 'cli.js');
const FIXTURES = 'scripts/fixtures';

ensureInstalled();
const steps = new Steps();
await steps.step('format (biome)', () => tool('biome', ['format', '.']));
// Built first: the linter reads the types of the other packages from what the compiler makes of them.
await steps.step('types: packages (tsc -b)', () => tool('tsc', ['-b']));
await steps.step('lint (oxlint, type-aware)', () =>
  tool('oxlint', [...LINT, '--ignore-pattern', `${FIXTURES}/**`]),
);
await steps.step('lint sees types (a floating promise must fail)', () => lintMustFail());
await steps.step('types: tests and scripts (tsc)', () => tool('tsc', ['-p', 'tsconfig.test.json']));
await steps.step('packages as they are published (publint)', () => publintAll());
await steps.step('unused code and dependencies (knip)', () =>
  tool('knip', ['--no-progress', '--no-config-hints']),
);
await steps.step('licences of runtime dependencies', () => checkLicences());
if (existsSync(join(ROOT, 'governance', 'check.ts'))) {
  await steps.step('governance', () => runPinned(['--conditions=praxis-source', 'governance/check.ts']));
}
if (existsSync(join(ROOT, 'scripts', 'check-docs.ts'))) {
  await steps.step('documentation', () => runPinned(['--conditions=praxis-source', 'scripts/check-docs.ts']));
}
steps.finish('npm run check');

function tool(name, args) {
  return run(join(ROOT, 'node_modules', '.bin', name), args);
}

// Without types the rule reports nothing and the lint passes: only a failure shows that it looks.
function lintMustFail() {
  const oxlint = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint');
  const done = spawnSync(PINNED_NODE, [oxlint, ...LINT, `${FIXTURES}/floating-promise.ts`], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules', '.bin')}:${process.env.PATH}` },
  });
  if (done.status === 1 && done.stdout.includes('no-floating-promises')) return 0;
  process.stderr.write(`the fixture was not refused (${done.status})\n${done.stdout}${done.stderr}\n`);
  return 1;
}

// Reads what `npm pack` would ship, so that a mistake in `files` or `exports` shows before a release.
async function publintAll() {
  const names = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`),
  );
  const manifests = names.filter((name) => existsSync(join(ROOT, name, 'package.json')));
  let code = manifests.length === 0 ? 1 : 0;
  for (const name of manifests) {
    const done = spawnSync(PINNED_NODE, [PUBLINT, 'run', name, '--strict'], { cwd: ROOT, encoding: 'utf8' });
    if (done.status === 0) continue;
    process.stderr.write(`${done.stdout}${done.stderr}`);
    code = 1;
  }
  process.stdout.write(`${manifests.length} packages\n`);
  return code;
}

function checkLicences() {
  const dependencies = runtimeDependencies(ROOT);
  const reviewed = JSON.parse(readFileSync(join(ROOT, 'governance', 'licences.json'), 'utf8'));
  const problems = licenceProblems(dependencies, reviewed);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`${dependencies.length} runtime dependencies\n`);
  // The workspaces need zod at the least: nothing found means nothing was read.
  return problems.length === 0 && dependencies.length > 0 ? 0 : 1;
}
