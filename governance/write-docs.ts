import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedPages } from './generated-pages.ts';

const ROOT = join(import.meta.dirname, '..');

for (const [path, text] of Object.entries(await generatedPages(ROOT))) {
  writeFileSync(join(ROOT, path), text);
  process.stdout.write(`${path}: ${text.split('\n').length} lines\n`);
}
