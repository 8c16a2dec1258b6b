import { networkInterfaces } from 'node:os';
import { type LocalCollector, type LocalRow, table, unreadable } from './local-collector.ts';

/** Addresses of the network interfaces. The kernel alone knows them, so a scratch root has none. */
export const interfaceAddresses: LocalCollector = {
  predicate: 'interface_addresses',
  collect(source) {
    if (!source.isMachine) {
      return Promise.resolve(unreadable('not_supported', 'addresses are known for the running machine only'));
    }
    const rows: LocalRow[] = [];
    for (const [name, addresses] of Object.entries(networkInterfaces())) {
      for (const { address, netmask, mac, internal } of addresses ?? []) {
        rows.push({ interface: name, address, mask: netmask, mac, internal: String(internal) });
      }
    }
    return Promise.resolve(table(rows));
  },
};
