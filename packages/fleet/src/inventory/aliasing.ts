import { canonicalAddress } from './canonical-address.ts';
import type { InventoryHost } from './host.ts';

/** Two entries that lead to one place although they claim to be different kinds of host. */
export interface AliasConflict {
  readonly destination: string;
  readonly first: InventoryHost;
  readonly second: InventoryHost;
  /** Position of `second` in the list given. */
  readonly secondIndex: number;
}

/** Every destination a host may be reached by, in canonical spelling; its own name is one of them. */
export function destinationsOf(host: InventoryHost): ReadonlySet<string> {
  const { addressing, routing, ssh } = host;
  const all = [
    host.name,
    addressing.publicIp,
    addressing.lanIp,
    addressing.tailscaleIp,
    routing.sshAlias,
    ssh?.host,
    ...routing.endpoints,
    ...routing.nodes,
  ];
  return new Set(all.filter((item) => item !== undefined).map(canonicalAddress));
}

/**
 * Finds names of different host types with a common destination. Such a pair would let an adapter
 * that is allowed for one type reach a machine of the other, so a file that has one is refused.
 */
export function findAliasConflicts(hosts: readonly InventoryHost[]): readonly AliasConflict[] {
  const owners = new Map<string, InventoryHost>();
  const conflicts: AliasConflict[] = [];
  for (const [index, host] of hosts.entries()) {
    for (const destination of destinationsOf(host)) {
      const owner = owners.get(destination);
      if (owner === undefined) owners.set(destination, host);
      else if (owner.hostType !== host.hostType) {
        conflicts.push({ destination, first: owner, second: host, secondIndex: index });
      }
    }
  }
  return conflicts;
}
