import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// In a checkout the sources are stripped of their types at every start: keep what came of it, beside the
// installed packages, where only those who may change the sources anyway can write.
if (import.meta.filename.endsWith('.ts')) {
  enableCompileCache(join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'praxis'));
}

// A reader that closes the pipe (`praxis … | head`) ends us; it is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const { runProgram } = await import('./program.ts');
await runProgram(process.argv);
