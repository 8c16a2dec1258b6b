import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';

/** An error code and the modules that declare or throw it. */
export interface FoundCode {
  readonly code: string;
  readonly modules: readonly string[];
}

export interface FoundCodes {
  readonly codes: readonly FoundCode[];
  /** How many modules were read. */
  readonly modules: number;
}

type Node = Readonly<Record<string, unknown>> & { readonly type: string };

const CODE = /^[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*$/;

/**
 * Every code that the product's errors can carry: the members of the `…ErrorCode` types, and what is given
 * first to an error's constructor or to a function named after one.
 */
export function findErrorCodes(root: string): FoundCodes {
  const found = new Map<string, Set<string>>();
  const files = ['packages', 'apps'].flatMap((parent) => productModules(join(root, parent)));
  for (const file of files) {
    const where = relative(root, file);
    for (const code of codesIn(where, readFileSync(file, 'utf8'))) {
      found.set(code, (found.get(code) ?? new Set()).add(where));
    }
  }
  const codes = [...found].map(([code, modules]) => ({ code, modules: [...modules].sort() }));
  return { codes: codes.sort((a, b) => (a.code < b.code ? -1 : 1)), modules: files.length };
}

/** The codes of one module. */
export function codesIn(file: string, text: string): string[] {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} does not parse`);
  return nodesOf(program).flatMap((node) => [...declaredCodes(node), ...thrownCodes(node)]);
}

function declaredCodes(node: Node): string[] {
  if (node.type !== 'TSTypeAliasDeclaration') return [];
  const { name } = node['id'] as { name: string };
  return /(?:Error|Problem)Code$/.test(name) ? nodesOf(node['typeAnnotation']).flatMap(literalCode) : [];
}

function thrownCodes(node: Node): string[] {
  if (node.type !== 'NewExpression' && node.type !== 'CallExpression') return [];
  const { name } = node['callee'] as { name?: string };
  if (name === undefined || !name.endsWith('Error')) return [];
  const [first] = node['arguments'] as Node[];
  return first === undefined ? [] : literalCode(first);
}

function literalCode(node: Node): string[] {
  const value = node.type === 'Literal' ? node['value'] : undefined;
  return typeof value === 'string' && CODE.test(value) ? [value] : [];
}

function nodesOf(root: unknown): Node[] {
  const nodes: Node[] = [];
  const queue: unknown[] = [root];
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    if ('type' in value && typeof value.type === 'string') nodes.push(value as Node);
    queue.push(...Object.values(value).filter((one) => typeof one === 'object' && one !== null));
  }
  return nodes;
}

/** Sources that ship: no tests, no contract suites, no test starters. */
function productModules(parent: string): string[] {
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'testkit')
    .flatMap((entry) =>
      readdirSync(join(parent, entry.name, 'src'), { recursive: true, withFileTypes: true })
        .filter(
          (file) => file.isFile() && file.name.endsWith('.ts') && !/\.(?:test|contract)\.ts$/.test(file.name),
        )
        .map((file) => join(file.parentPath, file.name)),
    );
}
