// npm's `prepare`, after every installation in a checkout: compiles the classifier's tables.
import { existsSync } from 'node:fs';
import { PINNED_NODE, runPinned } from './lib/pinned-node.mjs';

// An installation without development dependencies has no pinned Node; praxis then reads the YAML itself.
if (existsSync(PINNED_NODE)) {
  process.exitCode = await runPinned(['--conditions=praxis-source', 'scripts/compile-tables.ts']);
}
