// `npm test`: installs what is missing, runs every test on the pinned Node, then the unit tests of the
// packages on the oldest supported Node. With arguments only the pinned run happens, and vitest gets them.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureDebianPackages } from './lib/debian-packages.mjs';
import { ensureInstalled, ROOT } from './lib/ensure-installed.mjs';
import { OLDEST_NODE, OLDEST_NODE_PREFIX, PINNED_NODE, run } from './lib/pinned-node.mjs';
import { Steps } from './lib/steps.mjs';

const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const OLDEST_MAJOR = 24;
const PINNED_MAJOR = 26;

ensureInstalled();
const steps = new Steps();
const totals = { passed: 0, failed: 0, skipped: 0 };
const extra = process.argv.slice(2);

await steps.step('Debian packages', () => (ensureDebianPackages() ? 0 : 1));
await steps.step(`tests on Node ${PINNED_MAJOR}`, () => vitest(PINNED_NODE, PINNED_MAJOR, extra));
if (extra.length === 0) {
  await steps.step(`unit tests on Node ${OLDEST_MAJOR}`, () => {
    ensureInstalled(OLDEST_NODE_PREFIX, `Node ${OLDEST_MAJOR}`);
    return vitest(OLDEST_NODE, OLDEST_MAJOR, unitTestFilters());
  });
}
steps.finish('npm test');
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : '';
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed${skipped}\n`);

async function vitest(node, major, args) {
  if (!runsMajor(node, major)) return 1;
  const report = join(ROOT, '.scratch', `vitest-${major}-${process.pid}.json`);
  mkdirSync(join(ROOT, '.scratch'), { recursive: true });
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await run(node, [VITEST, 'run', ...reporters, ...args]);
    addTotals(report, code);
    return code;
  } finally {
    rmSync(report, { force: true });
  }
}

// A wrong binary in place of the wanted Node would make a run look like what it is not.
function runsMajor(node, major) {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? 'nothing';
  if (version.startsWith(`v${major}.`)) return true;
  process.stderr.write(`${node} answers ${version}, wanted Node ${major}\n`);
  return false;
}

function addTotals(report, code) {
  let summary;
  try {
    summary = JSON.parse(readFileSync(report, 'utf8'));
  } catch (error) {
    process.stderr.write(`no test report: ${error.message}\n`);
    totals.failed += code === 0 ? 0 : 1;
    return;
  }
  totals.passed += summary.numPassedTests;
  // A file that fails to load holds no test, and still is a failure.
  totals.failed += summary.numFailedTests || (code === 0 ? 0 : 1);
  totals.skipped += summary.numPendingTests + (summary.numTodoTests ?? 0);
}

function unitTestFilters() {
  return readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/src/`);
}
