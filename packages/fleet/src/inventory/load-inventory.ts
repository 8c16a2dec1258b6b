import { open } from 'node:fs/promises';
import { errorCode, errorMessage } from '@praxis/core';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { FleetError } from '../errors.ts';
import { findAliasConflicts } from './aliasing.ts';
import type { InventoryHost } from './host.ts';
import { EMPTY_INVENTORY, Inventory } from './inventory.ts';
import { type InventoryHostEntry, inventoryFileSchema } from './schema.ts';

/** The largest inventory text accepted, in characters. */
export const INVENTORY_LENGTH_MAX: number = 4 * 1024 * 1024;
const OTHERS_MAY_WRITE = 0o002;
/** How many problems one error reports. */
const PROBLEMS_MAX = 20;

/** One thing wrong with an inventory file, with its place: `file:line:column: message`. */
export interface InventoryProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * Reads an inventory from YAML text (JSON is YAML). An empty text is an inventory without hosts.
 * Throws `INVENTORY_INVALID`, whose `fields.problems` lists every problem with line and column:
 * bad YAML, a wrong shape, unknown keys, a name used twice, or one destination under two host types.
 */
export function loadInventory(text: string, file: string): Inventory {
  if (text.length > INVENTORY_LENGTH_MAX) {
    throw invalid(file, [{ line: 1, column: 1, message: `longer than ${INVENTORY_LENGTH_MAX} characters` }]);
  }
  const lines = new LineCounter();
  const document: Document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
  });
  if (document.errors.length > 0) {
    throw invalid(
      file,
      document.errors.map((error) => ({ ...at(lines, error.pos[0]), message: error.message })),
    );
  }
  const source: Source = { file, document, lines };
  const parsed = inventoryFileSchema.safeParse(plainValue(source) ?? {});
  if (!parsed.success)
    throw invalid(
      file,
      parsed.error.issues.flatMap((issue) => fromIssue(source, issue)),
    );
  const hosts = (parsed.data.hosts ?? []).map(toHost);
  const contradictions = [...duplicateNames(source, hosts), ...aliasProblems(source, hosts)];
  if (contradictions.length > 0) throw invalid(file, contradictions);
  return new Inventory(hosts, file);
}

/**
 * Reads the inventory file at `file`. A missing file is the empty inventory, which refuses every
 * target; `missing` says so, and the caller must tell the operator. Throws `INVENTORY_INVALID`,
 * `INVENTORY_UNREADABLE` for a file that exists but cannot be read, and `INVENTORY_EXPOSED` for one that anybody
 * may change: it decides what every host is and where it is reached.
 */
export async function readInventory(file: string): Promise<{ inventory: Inventory; missing: boolean }> {
  let text: string;
  try {
    text = await readGuarded(file);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { inventory: EMPTY_INVENTORY, missing: true };
    if (error instanceof FleetError) throw error;
    throw new FleetError(
      'INVENTORY_UNREADABLE',
      `cannot read the inventory \`${file}\`: ${errorMessage(error)}`,
      {
        cause: error,
        fields: { file },
      },
    );
  }
  return { inventory: loadInventory(text, file), missing: false };
}

async function readGuarded(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const stats = await handle.stat();
    // Without user ids (Windows) the mode says nothing.
    if (process.getuid !== undefined && stats.isFile() && (stats.mode & OTHERS_MAY_WRITE) !== 0) {
      throw new FleetError('INVENTORY_EXPOSED', `anybody may change the inventory \`${file}\`: chmod o-w`, {
        fields: { file },
      });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

function plainValue(source: Source): unknown {
  try {
    return source.document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // The YAML library throws on aliases that multiply without bound.
    throw invalid(source.file, [{ line: 1, column: 1, message: errorMessage(error) }]);
  }
}

function fromIssue(source: Source, issue: z.core.$ZodIssue): InventoryProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      ...placeOfKey(source, issue.path, key),
      message: `unknown key \`${key}\` in \`${pathText(issue.path)}\``,
    }));
  }
  return [{ ...placeOf(source, issue.path), message: `\`${pathText(issue.path)}\`: ${issue.message}` }];
}

function duplicateNames(source: Source, hosts: readonly InventoryHost[]): InventoryProblem[] {
  const seen = new Map<string, string>();
  const problems: InventoryProblem[] = [];
  for (const [index, host] of hosts.entries()) {
    const key = host.name.toLowerCase();
    const earlier = seen.get(key);
    if (earlier === undefined) seen.set(key, host.name);
    else {
      const message = `the name \`${host.name}\` is taken by \`${earlier}\` (names differ in more than case)`;
      problems.push({ ...placeOf(source, ['hosts', index, 'name']), message });
    }
  }
  return problems;
}

function aliasProblems(source: Source, hosts: readonly InventoryHost[]): InventoryProblem[] {
  return findAliasConflicts(hosts).map(({ destination, first, second, secondIndex }) => ({
    ...placeOf(source, ['hosts', secondIndex]),
    message:
      `\`${second.name}\` (${second.hostType}) and \`${first.name}\` (${first.hostType}) ` +
      `are both reached at \`${destination}\`: one destination has one host type`,
  }));
}

function placeOf(source: Source, path: readonly PropertyKey[]): { line: number; column: number } {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = source.document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return at(source.lines, node.range[0]);
  }
  return { line: 1, column: 1 };
}

function placeOfKey(
  source: Source,
  path: readonly PropertyKey[],
  key: string,
): { line: number; column: number } {
  const map = path.length === 0 ? source.document.contents : source.document.getIn(path, true);
  const pair = isMap(map)
    ? map.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
    : undefined;
  const range = isScalar(pair?.key) ? pair.key.range : null;
  return range ? at(source.lines, range[0]) : placeOf(source, path);
}

function at(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the file';
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

function toHost(entry: InventoryHostEntry): InventoryHost {
  const { addressing, routing, ssh } = entry;
  return {
    name: entry.name,
    hostType: entry.host_type,
    role: entry.role,
    os: entry.os,
    alwaysOn: entry.always_on ?? false,
    addressing: {
      publicIp: addressing?.public_ip,
      lanIp: addressing?.lan_ip,
      tailscaleIp: addressing?.tailscale_ip,
    },
    routing: {
      sshAlias: routing?.ssh_alias,
      endpoints: routing?.endpoints ?? [],
      nodes: routing?.nodes ?? [],
    },
    actuationPaths: entry.actuation_paths ?? [],
    posture: entry.posture,
    kubernetes: entry.kubernetes,
    ssh: ssh && {
      host: ssh.host,
      port: ssh.port,
      user: ssh.user,
      identityFile: ssh.identity_file,
      knownHosts: ssh.known_hosts,
      configFile: ssh.config_file,
    },
  };
}

function invalid(file: string, problems: readonly InventoryProblem[]): FleetError {
  const shown = problems.slice(0, PROBLEMS_MAX);
  const text = shown.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n');
  const more = problems.length > shown.length ? `\n… and ${problems.length - shown.length} more` : '';
  return new FleetError('INVENTORY_INVALID', text + more, { fields: { file, problems: shown } });
}
