import { type LocalCollector, type LocalRow, table, unreadable } from './local-collector.ts';

const UNIT_DIRECTORIES = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
const CONFIGURED = '/etc/systemd/system';
const UNIT = /\.(?:service|socket|timer|path|mount|target)$/;

/**
 * systemd units that start by themselves (linked from a `*.wants` or `*.requires` directory in
 * `/etc/systemd/system`) or are masked there, with the unit file that counts. Whether a service runs at
 * the moment is not asked: that is not configuration.
 */
export const services: LocalCollector = {
  predicate: 'services',
  async collect(source) {
    const rows: LocalRow[] = [];
    const entries = await source.names(CONFIGURED);
    const directories = await Promise.all(
      UNIT_DIRECTORIES.map(async (path) => ({ path, names: new Set(await source.names(path)) })),
    );
    if (directories.every(({ names }) => names.size === 0))
      return unreadable('source_missing', 'no systemd unit files');
    for (const entry of entries) {
      if (entry.endsWith('.wants') || entry.endsWith('.requires')) {
        for (const unit of await source.names(`${CONFIGURED}/${entry}`)) {
          if (UNIT.test(unit))
            rows.push({
              name: unit,
              state: 'enabled',
              wanted_by: entry,
              unit_file: unitFile(unit, directories),
            });
        }
      } else if (UNIT.test(entry) && (await source.linkTarget(`${CONFIGURED}/${entry}`)) === '/dev/null') {
        rows.push({ name: entry, state: 'masked', wanted_by: '', unit_file: `${CONFIGURED}/${entry}` });
      }
    }
    return table(mergeWantedBy(rows));
  },
};

function unitFile(
  unit: string,
  directories: readonly { path: string; names: ReadonlySet<string> }[],
): string {
  const template = unit.replace(/@[^.]*\./, '@.');
  for (const name of [unit, template]) {
    const holder = directories.find(({ names }) => names.has(name));
    if (holder !== undefined) return `${holder.path}/${name}`;
  }
  return '';
}

/** One row a unit, whatever number of targets want it. */
function mergeWantedBy(rows: readonly LocalRow[]): LocalRow[] {
  const byName = new Map<string, LocalRow>();
  for (const row of rows) {
    const earlier = byName.get(row['name'] ?? '');
    const wantedBy = [earlier?.['wanted_by'], row['wanted_by']].filter(
      (item) => item !== undefined && item !== '',
    );
    byName.set(row['name'] ?? '', { ...row, ...earlier, wanted_by: wantedBy.join(',') });
  }
  return [...byName.values()];
}
