import { digestTree } from './digest-files.ts';
import type { LocalCollector } from './local-collector.ts';

/** Files whose change decides who may do what on the machine. */
export const WATCH_DEFAULT: readonly string[] = [
  '/etc/crontab',
  '/etc/fstab',
  '/etc/group',
  '/etc/hosts',
  '/etc/ld.so.preload',
  '/etc/nsswitch.conf',
  '/etc/passwd',
  '/etc/pam.d/common-auth',
  '/etc/pam.d/sshd',
  '/etc/pam.d/su',
  '/etc/pam.d/sudo',
  '/etc/profile',
  '/etc/resolv.conf',
  '/etc/shadow',
  '/etc/ssh/sshd_config',
  '/etc/sudoers',
  '/etc/sysctl.conf',
];

/** Directories whose files are watched, whatever their names. */
const WATCHED_DIRECTORIES: readonly string[] = ['/etc/ssh/sshd_config.d', '/etc/sudoers.d', '/etc/sysctl.d'];

/** SHA-256, mode and owner of the watched files. Contents never leave this collector. */
export function fileDigests(watch: readonly string[] | undefined): LocalCollector {
  return {
    predicate: 'file_digests',
    collect: (source) =>
      digestTree(source, watch ?? WATCH_DEFAULT, watch === undefined ? WATCHED_DIRECTORIES : []),
  };
}
