import { isMissing } from './file-source.ts';
import { type LocalCollector, type LocalRow, type LocalTable, unreadable } from './local-collector.ts';

/** Kernel settings that hardening guides name and that do not change by themselves. */
const SETTINGS: readonly string[] = [
  'fs.protected_fifos',
  'fs.protected_hardlinks',
  'fs.protected_regular',
  'fs.protected_symlinks',
  'fs.suid_dumpable',
  'kernel.core_pattern',
  'kernel.dmesg_restrict',
  'kernel.kptr_restrict',
  'kernel.modules_disabled',
  'kernel.perf_event_paranoid',
  'kernel.randomize_va_space',
  'kernel.sysrq',
  'kernel.unprivileged_bpf_disabled',
  'kernel.yama.ptrace_scope',
  'net.ipv4.conf.all.accept_redirects',
  'net.ipv4.conf.all.accept_source_route',
  'net.ipv4.conf.all.log_martians',
  'net.ipv4.conf.all.rp_filter',
  'net.ipv4.conf.all.send_redirects',
  'net.ipv4.icmp_echo_ignore_broadcasts',
  'net.ipv4.ip_forward',
  'net.ipv4.tcp_syncookies',
  'net.ipv6.conf.all.accept_ra',
  'net.ipv6.conf.all.accept_redirects',
  'net.ipv6.conf.all.forwarding',
];

/** Security-relevant kernel settings, from `/proc/sys`. Settings this kernel lacks are left out. */
export const sysctl: LocalCollector = {
  predicate: 'sysctl',
  async collect(source): Promise<LocalTable> {
    const rows: LocalRow[] = [];
    for (const name of SETTINGS) {
      try {
        const value = await source.text(`/proc/sys/${name.replaceAll('.', '/')}`, 65_536);
        rows.push({ name, current_value: value.trim().replaceAll(/\s+/g, ' ') });
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    return rows.length === 0
      ? unreadable('source_missing', 'no kernel settings under /proc/sys')
      : { rows, problems: [] };
  },
};
