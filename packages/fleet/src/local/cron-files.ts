import { digestTree } from './digest-files.ts';
import type { LocalCollector } from './local-collector.ts';

const DIRECTORIES = [
  '/etc/cron.d',
  '/etc/cron.hourly',
  '/etc/cron.daily',
  '/etc/cron.weekly',
  '/etc/cron.monthly',
  '/var/spool/cron',
  '/var/spool/cron/crontabs',
];

/** Every file cron may run or read its schedule from, by digest, mode and owner. */
export const cronFiles: LocalCollector = {
  predicate: 'cron_files',
  collect: (source) => digestTree(source, ['/etc/crontab'], DIRECTORIES),
};
