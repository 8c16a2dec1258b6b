import { type LocalCollector, table } from './local-collector.ts';

/** The running kernel's release. Its command line is left out: it may hold secrets and boot numbers. */
export const kernelInfo: LocalCollector = {
  predicate: 'kernel_info',
  async collect(source) {
    const version = (await source.text('/proc/sys/kernel/osrelease')).trim();
    return table([{ version }]);
  },
};
