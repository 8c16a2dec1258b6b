import { join } from 'node:path';
import { readCatalogue } from './catalogue.ts';
import { cliReference } from './cli-reference.ts';
import { errorsReference, readErrorMeanings } from './errors-reference.ts';
import { hazardsReference } from './hazards-reference.ts';
import { toolsReference } from './tools-reference.ts';

/** The reference pages that are written from the code, by their paths. */
export async function generatedPages(root: string): Promise<Readonly<Record<string, string>>> {
  const data = join(root, 'governance', 'data');
  const meanings = readErrorMeanings(data);
  return {
    'docs/reference/cli.md': await cliReference(),
    'docs/reference/errors.md': errorsReference(meanings),
    'docs/reference/hazards.md': hazardsReference(readCatalogue(data)),
    'docs/reference/tools.md': toolsReference(),
  };
}
