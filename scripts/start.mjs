// `npm start`: installs what is missing and runs `praxis up` on the pinned Node. Arguments are passed on.
import { join } from 'node:path';
import { ensureInstalled, ROOT } from './lib/ensure-installed.mjs';
import { runPinned } from './lib/pinned-node.mjs';

ensureInstalled();
const main = join(ROOT, 'apps', 'cli', 'src', 'main.ts');
const args = ['--conditions=praxis-source', main, 'up', ...process.argv.slice(2)];
// The caller's directory is kept: relative paths in arguments and settings mean what the caller sees.
process.exitCode = await runPinned(args, { cwd: process.env.INIT_CWD ?? process.cwd() });
