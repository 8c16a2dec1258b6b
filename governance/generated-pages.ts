import { join } from 'node:path';
import { cliReference } from './cli-reference.ts';
import { errorsReference, readErrorMeanings } from './errors-reference.ts';
import { toolsReference } from './tools-reference.ts';

/** The reference pages that are written from the code, by their paths. */
export async function generatedPages(root: string): Promise<Readonly<Record<string, string>>> {
  const meanings = readErrorMeanings(join(root, 'governance', 'data'));
  return {
    'docs/reference/cli.md': await cliReference(),
    'docs/reference/errors.md': errorsReference(meanings),
    'docs/reference/tools.md': toolsReference(),
  };
}
