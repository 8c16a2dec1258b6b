// `npm run build`: compiles every package to `dist/` and puts the data files beside the code that reads them.
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { ensureInstalled, ROOT } from './lib/ensure-installed.mjs';
import { run, runPinned } from './lib/pinned-node.mjs';

/** What `tsc` leaves behind. */
const DATA = new Set(['.yaml']);

ensureInstalled();
const code = await run(join(ROOT, 'node_modules', '.bin', 'tsc'), ['-b']);
if (code !== 0) process.exit(code);
for (const parent of ['packages', 'apps']) {
  for (const name of readdirSync(join(ROOT, parent))) copyData(join(ROOT, parent, name));
}
process.exitCode = await runPinned(['--conditions=praxis-source', 'scripts/compile-tables.ts']);

function copyData(dir) {
  const source = join(dir, 'src');
  if (!existsSync(source)) return;
  for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !DATA.has(extname(entry.name))) continue;
    const from = join(entry.parentPath, entry.name);
    cpSync(from, join(dir, 'dist', from.slice(source.length)));
  }
}
