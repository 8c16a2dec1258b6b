import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// In a checkout the sources are stripped of their types at every start: keep what came of it, beside the
// installed packages, where only those who may change the sources anyway can write.
if (import.meta.filename.endsWith('.ts')) {
  enableCompileCache(join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'praxis'));
}

const { runProgram } = await import('./program.ts');
await runProgram(process.argv);
