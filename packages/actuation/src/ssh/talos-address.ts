import type { InventoryHost } from '@praxis/fleet';
import { type Refusal, refuse } from '../adapter.ts';

/**
 * Refuses an address that the inventory knows as a Talos host's. An alias of the client's own configuration
 * may lead anywhere, also where only the Talos adapter may go.
 */
export function checkNotTalos(hostname: string, inventory: readonly InventoryHost[]): Refusal | null {
  const wanted = canonical(hostname);
  for (const host of inventory) {
    if (host.hostType !== 'talos') continue;
    const addresses = [
      host.name,
      host.ssh?.host,
      ...Object.values(host.addressing),
      ...host.routing.nodes,
      ...host.routing.endpoints,
    ];
    if (addresses.some((address) => address !== undefined && canonical(address) === wanted)) {
      return refuse(
        'host_type_refused',
        `ssh would reach the talos host \`${host.name}\` at \`${hostname}\``,
      );
    }
  }
  return null;
}

function canonical(address: string): string {
  return address
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}
