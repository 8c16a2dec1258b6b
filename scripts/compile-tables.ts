// Compiles the classifier's YAML tables to the JSON that a start of praxis reads in a fraction of the time.
// Tables changed since are read from their YAML, so that running this again is never needed for them to count.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiledTables, compileTableDocuments } from '../packages/policy/src/shell/table-documents.ts';

const { url, text } = compileTableDocuments();
if (compiledTables() !== text) {
  const path = fileURLToPath(url);
  mkdirSync(dirname(path), { recursive: true });
  // Written aside and renamed: a praxis that starts meanwhile reads the old tables or the new ones.
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
