import { type LocalCollector, type LocalRow, table } from './local-collector.ts';

const COLUMNS: Readonly<Record<string, string>> = {
  NAME: 'name',
  VERSION: 'version',
  VERSION_ID: 'version_id',
  ID: 'platform',
  ID_LIKE: 'platform_like',
  VERSION_CODENAME: 'codename',
};

/** The operating system's name and version, from `/etc/os-release`. */
export const osVersion: LocalCollector = {
  predicate: 'os_version',
  async collect(source) {
    const text =
      (await source.textIfPresent('/etc/os-release')) ?? (await source.text('/usr/lib/os-release'));
    const values: Record<string, string> = {};
    for (const line of text.split('\n')) {
      const at = line.indexOf('=');
      const column = at > 0 ? COLUMNS[line.slice(0, at).trim()] : undefined;
      if (column !== undefined) values[column] = unquote(line.slice(at + 1).trim());
    }
    const [major = '', minor = '0'] = (values['version_id'] ?? '').split('.');
    const row: LocalRow = { name: '', version: '', ...values, major, minor };
    return table([row]);
  },
};

function unquote(text: string): string {
  const quote = text[0];
  const quoted = text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote);
  return (quoted ? text.slice(1, -1) : text).replace(/\\([\\"$`])/g, '$1');
}
