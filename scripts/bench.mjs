// `npm run bench`: runs every bench/*.ts on the pinned Node; each prints a table. Names as arguments choose some.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, ROOT } from './lib/ensure-installed.mjs';
import { runPinned } from './lib/pinned-node.mjs';
import { Steps } from './lib/steps.mjs';

// What the benchmarks share; nothing to run in itself.
const SHARED = new Set(['engine.ts']);
const SCRIPT_TIMEOUT_MS = 600_000;

ensureInstalled();
const directory = join(ROOT, 'bench');
const names = existsSync(directory)
  ? readdirSync(directory)
      .filter((name) => name.endsWith('.ts') && !SHARED.has(name))
      .sort()
  : [];
const args = process.argv.slice(2);
const chosen = args.filter((arg) => !arg.startsWith('-'));
const flags = args.filter((arg) => arg.startsWith('-'));

const steps = new Steps();
for (const name of names) {
  if (chosen.length > 0 && !chosen.includes(name.slice(0, -'.ts'.length))) continue;
  await steps.step(name, () =>
    runPinned(['--conditions=praxis-source', join(directory, name), ...flags], {
      timeoutMs: SCRIPT_TIMEOUT_MS,
    }),
  );
}
steps.finish('npm run bench');
