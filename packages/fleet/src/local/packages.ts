import { type LocalCollector, type LocalRow, table, unreadable } from './local-collector.ts';

const DPKG_STATUS = '/var/lib/dpkg/status';
const APK_INSTALLED = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'];
const RPM_DATABASES = [
  '/var/lib/rpm/rpmdb.sqlite',
  '/usr/lib/sysimage/rpm/rpmdb.sqlite',
  '/var/lib/rpm/Packages',
];

/** Installed packages, from the databases of dpkg and apk. The database of rpm is binary and is not read. */
export const packages: LocalCollector = {
  predicate: 'packages',
  async collect(source) {
    const rows: LocalRow[] = [];
    const dpkg = await source.textIfPresent(DPKG_STATUS);
    if (dpkg !== null) rows.push(...parseDpkgStatus(dpkg));
    let found = dpkg !== null;
    for (const file of APK_INSTALLED) {
      const apk = await source.textIfPresent(file);
      if (apk === null) continue;
      rows.push(...parseApkInstalled(apk));
      found = true;
      break;
    }
    if (found) return table(rows);
    for (const file of RPM_DATABASES) {
      const directory = file.slice(0, file.lastIndexOf('/'));
      const names = await source.names(directory);
      if (names.includes(file.slice(file.lastIndexOf('/') + 1))) {
        return unreadable(
          'not_supported',
          'the rpm database is not read; ingest osquery’s rpm_packages instead',
        );
      }
    }
    return unreadable('source_missing', 'no package database of dpkg or apk');
  },
};

/** Packages whose files are on the machine; removed ones with leftover configuration are not. */
export function parseDpkgStatus(text: string): LocalRow[] {
  const rows: LocalRow[] = [];
  for (const stanza of stanzas(text, ': ')) {
    const status = stanza.get('Status')?.split(' ') ?? [];
    const name = stanza.get('Package');
    const state = status[2] ?? '';
    if (name === undefined || state === 'not-installed' || state === 'config-files' || state === '') continue;
    rows.push({
      name,
      version: stanza.get('Version') ?? '',
      arch: stanza.get('Architecture') ?? '',
      source: 'dpkg',
      status: state,
      hold: String(status[0] === 'hold'),
    });
  }
  return rows;
}

export function parseApkInstalled(text: string): LocalRow[] {
  const rows: LocalRow[] = [];
  for (const stanza of stanzas(text, ':')) {
    const name = stanza.get('P');
    if (name === undefined) continue;
    rows.push({
      name,
      version: stanza.get('V') ?? '',
      arch: stanza.get('A') ?? '',
      source: 'apk',
      status: 'installed',
      hold: 'false',
    });
  }
  return rows;
}

/** Blank-line separated stanzas of single-line fields; continuation lines are skipped. */
function* stanzas(text: string, separator: string): Generator<Map<string, string>> {
  let stanza = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line === '') {
      if (stanza.size > 0) yield stanza;
      stanza = new Map();
      continue;
    }
    const at = line.startsWith(' ') || line.startsWith('\t') ? -1 : line.indexOf(separator);
    if (at > 0 && !stanza.has(line.slice(0, at)))
      stanza.set(line.slice(0, at), line.slice(at + separator.length).trim());
  }
  if (stanza.size > 0) yield stanza;
}
