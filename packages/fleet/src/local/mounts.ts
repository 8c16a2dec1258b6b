import { type LocalCollector, type LocalRow, table } from './local-collector.ts';

/** Filesystems that come and go by themselves, with every container or login. */
const TRANSIENT_TYPES = new Set([
  'autofs',
  'overlay',
  'nsfs',
  'fuse.portal',
  'fuse.gvfsd-fuse',
  'squashfs',
  'tracefs',
  'binfmt_misc',
]);
const TRANSIENT_PATHS = [
  '/proc/',
  '/run/user/',
  '/run/docker/',
  '/var/lib/docker/',
  '/run/credentials/',
  '/run/netns/',
];

/** Mounted filesystems, from `/proc/mounts`, without the transient ones and without sizes. */
export const mounts: LocalCollector = {
  predicate: 'mounts',
  async collect(source) {
    const rows: LocalRow[] = [];
    for (const line of (await source.text('/proc/mounts')).split('\n')) {
      const [device, at, type, options] = line.split(' ').map(unescapeOctal);
      if (device === undefined || at === undefined || type === undefined || options === undefined) continue;
      if (TRANSIENT_TYPES.has(type) && at !== '/') continue;
      if (TRANSIENT_PATHS.some((prefix) => at.startsWith(prefix))) continue;
      rows.push({ device, path: at, type, flags: stableOptions(options) });
    }
    return table(rows);
  },
};

/** `/proc/mounts` writes blanks as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Size limits of tmpfs follow the machine's memory and differ between boots. */
function stableOptions(options: string): string {
  const unstable = ['size=', 'nr_inodes=', 'fd=', 'pgrp=', 'pipe_ino='];
  return options
    .split(',')
    .filter((option) => !unstable.some((prefix) => option.startsWith(prefix)))
    .sort()
    .join(',');
}
