import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { TABLE_DOCUMENTS } from './table-documents.ts';

const DIGEST_LENGTH = 32;

/**
 * Identifies what classification depends on: the digest of the parser's version, every table and the
 * classifier's own code. Computed when the module loads, never bumped by hand.
 */
export const RULESET_VERSION: string = computeRulesetVersion();

function computeRulesetVersion(): string {
  const hash = createHash('sha256');
  hash.update(`unbash ${parserVersion()}\n`);
  // What the tables were found to say, so that compiled tables cannot say anything else unnoticed.
  hash.update(`tables ${TABLE_DOCUMENTS.text.length}\n`);
  hash.update(TABLE_DOCUMENTS.text);
  const root = fileURLToPath(new URL('./', import.meta.url));
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => isPart(name, extension))
    .sort();
  for (const name of names) {
    const content = readFileSync(root + name);
    hash.update(`${name} ${content.length}\n`);
    hash.update(content);
  }
  return `sha256:${hash.digest('hex').slice(0, DIGEST_LENGTH)}`;
}

function isPart(name: string, extension: string): boolean {
  return name.endsWith(extension) && !name.endsWith('.d.ts') && !name.endsWith('.test.ts');
}

function parserVersion(): string {
  const url = createRequire(import.meta.url).resolve('unbash');
  const manifest: unknown = JSON.parse(
    readFileSync(url.replace(/dist[/\\][^/\\]*$/, 'package.json'), 'utf8'),
  );
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
