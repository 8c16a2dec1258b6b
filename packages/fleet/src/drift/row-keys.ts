import type { JsonObject } from '@praxis/core';

/** The columns that name a row, per table, the most telling first. A table that is not here is compared as a multiset of rows. */
const NATURAL_KEYS: Readonly<Record<string, readonly string[]>> = {
  authorized_keys: ['fingerprint', 'path'],
  block_devices: ['name'],
  certificates: ['path', 'sha256'],
  cron_files: ['path'],
  crontab: ['path', 'minute', 'hour', 'day_of_month', 'month', 'day_of_week', 'command'],
  deb_packages: ['name', 'arch'],
  file: ['path'],
  file_digests: ['path'],
  filesystems: ['path'],
  groups: ['groupname'],
  interface_addresses: ['address', 'interface'],
  interfaces: ['interface'],
  kernel_info: ['version'],
  kernel_modules: ['name'],
  listening_ports: ['port', 'address', 'protocol'],
  logged_in_users: ['user', 'tty', 'host'],
  mounts: ['path', 'device'],
  os_version: ['name'],
  packages: ['name', 'arch'],
  rpm_packages: ['name', 'arch'],
  services: ['name'],
  ssh_config: ['option', 'scope'],
  sudoers: ['source', 'header', 'rule_details'],
  suid_bin: ['path'],
  sysctl: ['name'],
  system_controls: ['name'],
  systemd_units: ['id'],
  user_ssh_keys: ['path', 'uid'],
  users: ['username'],
};

/** Columns that change by themselves (process ids, sizes in flux, times) and are never drift. */
const VOLATILE_COLUMNS: Readonly<Record<string, ReadonlySet<string>>> = {
  file: new Set(['atime']),
  interfaces: new Set([
    'ipackets',
    'opackets',
    'ibytes',
    'obytes',
    'ierrors',
    'oerrors',
    'idrops',
    'odrops',
    'last_change',
  ]),
  kernel_modules: new Set(['used_by', 'address', 'size']),
  listening_ports: new Set(['pid', 'fd', 'socket', 'net_namespace']),
  logged_in_users: new Set(['pid', 'time']),
  mounts: new Set(['blocks', 'blocks_free', 'blocks_available', 'inodes', 'inodes_free']),
  services: new Set(['pid']),
  systemd_units: new Set(['job_id', 'job_path', 'job_type']),
};

/** The natural key of a table's rows, or null when praxis knows none. */
export function naturalKey(predicate: string): readonly string[] | null {
  if (!Object.hasOwn(NATURAL_KEYS, predicate)) return null;
  const columns = NATURAL_KEYS[predicate] ?? null;
  const volatile = volatileColumns(predicate);
  return columns?.filter((column) => !volatile.has(column)) ?? null;
}

const NONE: ReadonlySet<string> = new Set();

/** The columns of a table that comparison leaves out. */
export function volatileColumns(predicate: string): ReadonlySet<string> {
  return Object.hasOwn(VOLATILE_COLUMNS, predicate) ? (VOLATILE_COLUMNS[predicate] ?? NONE) : NONE;
}

/**
 * A function for the text that names a row. All columns but the last carry their length, so that no
 * two keys run together.
 */
export function rowKeyOf(columns: readonly string[]): (row: JsonObject) => string {
  const [first = '', second = ''] = columns;
  if (columns.length === 1) return (row) => columnText(row, first);
  if (columns.length === 2) {
    return (row) => {
      const text = columnText(row, first);
      return `${text.length}:${text}${columnText(row, second)}`;
    };
  }
  return (row) =>
    columns
      .map((column) => columnText(row, column))
      .map((text) => `${text.length}:${text}`)
      .join('');
}

function columnText(row: JsonObject, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
