import { writeFileSync } from 'node:fs';

/** Whether the inventory file was there or has just been written. */
export interface InventoryFile {
  readonly path: string;
  readonly created: boolean;
}

/** Writes a first inventory that lists this machine alone, unless there is one already. */
export function ensureInventory(path: string, name: string): InventoryFile {
  const text = [
    '# The hosts praxis may touch. What is not listed here is refused; see docs/reference/inventory.md.',
    'hosts:',
    `  - name: ${JSON.stringify(name)}`,
    '    host_type: ubuntu   # a Debian-family Linux; the type decides which adapters may touch it',
    '    actuation_paths: [local]   # this machine: runbooks run here',
    '',
  ].join('\n');
  try {
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return { path, created: true };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return { path, created: false };
    throw error;
  }
}
