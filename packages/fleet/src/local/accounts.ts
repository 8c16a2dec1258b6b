import { type LocalCollector, type LocalRow, type LocalTable, table } from './local-collector.ts';

/** Accounts of `/etc/passwd`. The password field is never read, whatever it holds. */
export const users: LocalCollector = {
  predicate: 'users',
  async collect(source) {
    return parseLines(
      await source.text('/etc/passwd'),
      7,
      ([username, , uid, gid, description, directory, shell]) => ({
        username: username ?? '',
        uid: uid ?? '',
        gid: gid ?? '',
        description: description ?? '',
        directory: directory ?? '',
        shell: shell ?? '',
      }),
    );
  },
};

/** Groups of `/etc/group` with their members, sorted. */
export const groups: LocalCollector = {
  predicate: 'groups',
  async collect(source) {
    return parseLines(await source.text('/etc/group'), 4, ([groupname, , gid, members]) => ({
      groupname: groupname ?? '',
      gid: gid ?? '',
      members: (members ?? '')
        .split(',')
        .filter((member) => member !== '')
        .sort()
        .join(','),
    }));
  },
};

function parseLines(text: string, fields: number, toRow: (parts: readonly string[]) => LocalRow): LocalTable {
  const rows: LocalRow[] = [];
  let malformed = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const parts = line.split(':');
    // NIS lines (`+::::::`) and broken ones are entries too: what cannot be read is still shown.
    if (parts.length !== fields) malformed += 1;
    rows.push(toRow(parts));
  }
  if (malformed === 0) return table(rows);
  return {
    rows,
    problems: [{ code: 'source_malformed', message: `${malformed} lines do not have ${fields} fields` }],
  };
}
