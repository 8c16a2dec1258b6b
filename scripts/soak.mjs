// `npm run soak`: runs every scripts/soak/*.ts on the pinned Node. Sampled, the whole takes at most a quarter
// of an hour; `--full` goes to the scripts and gives each an hour.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, ROOT } from './lib/ensure-installed.mjs';
import { runPinned } from './lib/pinned-node.mjs';
import { Steps } from './lib/steps.mjs';

const SAMPLED_TOTAL_MS = 900_000;
const SAMPLED_SCRIPT_MS = 300_000;
const FULL_SCRIPT_MS = 3_600_000;

ensureInstalled();
const directory = join(ROOT, 'scripts', 'soak');
const names = existsSync(directory)
  ? readdirSync(directory)
      .filter((name) => name.endsWith('.ts'))
      .sort()
  : [];
const args = process.argv.slice(2);
const full = args.includes('--full');
const chosen = args.filter((arg) => !arg.startsWith('-'));
const scripts = names.filter((name) => chosen.length === 0 || chosen.includes(name.slice(0, -'.ts'.length)));

const steps = new Steps();
const startedMs = performance.now();
let passed = 0;
for (const name of scripts) {
  const leftMs = full ? FULL_SCRIPT_MS : SAMPLED_TOTAL_MS - (performance.now() - startedMs);
  const timeoutMs = Math.min(leftMs, full ? FULL_SCRIPT_MS : SAMPLED_SCRIPT_MS);
  const ok = await steps.step(name, () => {
    if (timeoutMs <= 0) return 124;
    const flags = full ? ['--full'] : [];
    return runPinned(['--conditions=praxis-source', join(directory, name), ...flags], { timeoutMs });
  });
  if (ok) passed += 1;
}
steps.finish('npm run soak');
if (scripts.length === 0) {
  process.stderr.write('no soak script was found\n');
  process.exitCode = 1;
}
process.stdout.write(`${passed} passed, ${scripts.length - passed} failed\n`);
