import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';

/** The floors of the house, lowest first. A package may use what stands on a lower floor, never its own or a higher one. */
const FLOORS: readonly (readonly string[])[] = [
  ['@praxis/core'],
  ['@praxis/storage', '@praxis/screen', '@praxis/policy'],
  ['@praxis/ledger', '@praxis/mandate', '@praxis/facts'],
  ['@praxis/timestamp'],
  ['@praxis/gate'],
  ['@praxis/fleet'],
  ['@praxis/actuation'],
  ['@praxis/mcp-server'],
  ['praxis'],
];

/** Packages that need nothing at run time but these, besides Node and the floors below. */
const LEAN: Readonly<Record<string, readonly string[]>> = {
  '@praxis/core': ['zod'],
  '@praxis/screen': ['zod'],
  '@praxis/ledger': ['zod'],
};

/** Modules that one package alone may import. */
const RESERVED: Readonly<Record<string, readonly string[]>> = {
  'node:child_process': ['@praxis/actuation'],
  'node:sqlite': ['@praxis/storage'],
  postgres: ['@praxis/storage'],
  pg: ['@praxis/storage'],
};

/** How the wall clock is read, besides through core's `Clock`. */
const WALL_CLOCK = /\bDate\.now\(\)|\bnew Date\(\)|\bperformance\.now\(\)|\bprocess\.hrtime\b/;

/** What tests and their starters use beside the workspace. */
const TEST_ONLY = new Set(['@praxis/testkit']);

export interface WorkspacePackage {
  readonly name: string;
  readonly dir: string;
  readonly dependencies: readonly string[];
}

export interface ArchitectureReport {
  readonly packages: number;
  readonly modules: number;
  readonly imports: number;
  readonly violations: readonly string[];
}

/** Reads every manifest and every import of the workspace and tells what breaks the direction of dependencies. */
export function checkArchitecture(root: string): ArchitectureReport {
  const packages = workspacePackages(root);
  const violations: string[] = packages.flatMap((one) => manifestViolations(one));
  let modules = 0;
  let imports = 0;
  for (const one of packages) {
    for (const file of sourceFiles(join(one.dir, 'src'))) {
      modules += 1;
      const text = readFileSync(file, 'utf8');
      const found = importsOf(file, text);
      imports += found.length;
      const where = relative(root, file);
      violations.push(...found.flatMap((specifier) => importViolations(one, specifier, where)));
      if (
        one.name !== '@praxis/core' &&
        one.name !== '@praxis/testkit' &&
        WALL_CLOCK.test(withoutComments(text))
      ) {
        violations.push(`${where}: reads the wall clock; take a Clock`);
      }
    }
  }
  return { packages: packages.length, modules, imports, violations };
}

function workspacePackages(root: string): WorkspacePackage[] {
  return ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => readPackage(join(root, parent, entry.name))),
  );
}

function readPackage(dir: string): WorkspacePackage {
  const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
    name: string;
    dependencies?: Record<string, string>;
  };
  return { name: manifest.name, dir, dependencies: Object.keys(manifest.dependencies ?? {}) };
}

function floorOf(name: string): number {
  return FLOORS.findIndex((floor) => floor.includes(name));
}

function manifestViolations(one: WorkspacePackage): string[] {
  const violations: string[] = [];
  if (floorOf(one.name) < 0 && !TEST_ONLY.has(one.name)) violations.push(`${one.name}: stands on no floor`);
  for (const dependency of one.dependencies) {
    if (TEST_ONLY.has(dependency)) violations.push(`${one.name}: needs ${dependency} at run time`);
    else if (floorOf(dependency) >= 0 && !isBelow(dependency, one.name)) {
      violations.push(`${one.name}: depends on ${dependency}, which is not below it`);
    }
  }
  const lean = LEAN[one.name];
  const extra = lean && one.dependencies.filter((name) => floorOf(name) < 0 && !lean.includes(name));
  if (extra && extra.length > 0) violations.push(`${one.name}: must not need ${extra.join(', ')}`);
  return violations;
}

function isBelow(lower: string, upper: string): boolean {
  return TEST_ONLY.has(upper) || floorOf(lower) < floorOf(upper);
}

function importViolations(one: WorkspacePackage, specifier: string, where: string): string[] {
  if (specifier.startsWith('.')) {
    return /\.(?:ts|json)$/.test(specifier) ? [] : [`${where}: imports ${specifier} without its extension`];
  }
  const name = packageNameOf(specifier);
  const reserved = RESERVED[name];
  if (reserved && !reserved.includes(one.name) && !TEST_ONLY.has(one.name))
    return [`${where}: only ${reserved.join(', ')} may import ${name}`];
  if (name.startsWith('node:')) return [];
  if (builtinModules.includes(name)) return [`${where}: write node:${name}`];
  if (TEST_ONLY.has(name)) return [`${where}: product code imports ${name}`];
  if (!one.dependencies.includes(name))
    return [`${where}: imports ${name}, which its manifest does not name`];
  return floorOf(name) >= 0 && !isBelow(name, one.name)
    ? [`${where}: imports ${name}, which is not below ${one.name}`]
    : [];
}

function packageNameOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}

/** The specifiers of all static, re-exporting and literal dynamic imports. */
export function importsOf(file: string, text: string): string[] {
  const { module, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} does not parse`);
  const fixed = module.staticImports.map((one) => one.moduleRequest.value);
  const passed = module.staticExports.flatMap((one) =>
    one.entries.flatMap((entry) => entry.moduleRequest?.value ?? []),
  );
  const dynamic = module.dynamicImports.flatMap((one) => {
    const source = text.slice(one.moduleRequest.start, one.moduleRequest.end);
    return /^['"`][^'"`$]+['"`]$/.test(source) ? source.slice(1, -1) : [];
  });
  return [...new Set([...fixed, ...passed, ...dynamic])];
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

/** Product modules: no tests, no contract suites. */
function sourceFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .filter((entry) => !/\.(?:test|contract)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
