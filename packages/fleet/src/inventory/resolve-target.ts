import { canonicalAddress } from './canonical-address.ts';
import type { InventoryHost } from './host.ts';
import type { Inventory } from './inventory.ts';

/** What a caller says about the host it wants to touch. Only `host` is needed; the rest must agree. */
export interface TargetClaim {
  readonly host: string;
  readonly hostType?: string | undefined;
  readonly sshAlias?: string | undefined;
  readonly nodes?: readonly string[] | undefined;
  readonly endpoints?: readonly string[] | undefined;
}

/** Why a claimed target is refused. Stable. */
export type TargetRefusal = 'host_unknown' | 'host_type_mismatch' | 'destination_mismatch';

/** A target as the inventory knows it: `nodes` and `endpoints` are the claimed subset, or all of them. */
export interface ResolvedTarget {
  readonly ok: true;
  readonly host: InventoryHost;
  readonly nodes: readonly string[];
  readonly endpoints: readonly string[];
}

/** The target, or why the claim is refused. */
export type TargetResolution =
  | ResolvedTarget
  | { readonly ok: false; readonly reason: TargetRefusal; readonly detail: string };

/**
 * Decides what a claimed target really is. The inventory's host type and destinations count; a claim
 * that disagrees with them is refused rather than corrected, because the caller (or whoever
 * misled it) believes it is talking to something else. Never throws.
 */
export function resolveTarget(inventory: Inventory, claim: TargetClaim): TargetResolution {
  const host = inventory.find(claim.host);
  if (host === undefined) {
    const why =
      inventory.file === null
        ? 'there is no inventory file, so every host is unknown'
        : 'not in the inventory';
    return refusal('host_unknown', why);
  }
  if (claim.hostType !== undefined && claim.hostType !== host.hostType) {
    return refusal('host_type_mismatch', `the inventory says ${host.hostType}`);
  }
  if (claim.sshAlias !== undefined && !isListed(claim.sshAlias, sshNames(host))) {
    return refusal('destination_mismatch', 'this ssh alias is not the host’s');
  }
  if (!(claim.nodes ?? []).every((node) => isListed(node, nodeNames(host)))) {
    return refusal('destination_mismatch', 'a node that is not the host’s');
  }
  if (!(claim.endpoints ?? []).every((endpoint) => isListed(endpoint, host.routing.endpoints))) {
    return refusal('destination_mismatch', 'an endpoint that is not the host’s');
  }
  return {
    ok: true,
    host,
    nodes: claim.nodes?.length ? claim.nodes : host.routing.nodes,
    endpoints: claim.endpoints?.length ? claim.endpoints : host.routing.endpoints,
  };
}

function sshNames(host: InventoryHost): readonly string[] {
  // An alias is looked up in the client's ssh configuration: another name of the same address may
  // carry another user, key or proxy, so a listed alias is the only one.
  if (host.routing.sshAlias !== undefined) return [host.routing.sshAlias];
  return host.ssh?.host === undefined ? [host.name] : [host.name, host.ssh.host];
}

function nodeNames(host: InventoryHost): readonly string[] {
  if (host.routing.nodes.length > 0) return host.routing.nodes;
  const { lanIp, publicIp, tailscaleIp } = host.addressing;
  return [host.name, lanIp, publicIp, tailscaleIp].filter((item) => item !== undefined);
}

function isListed(claimed: string, listed: readonly string[]): boolean {
  // A user part or a port would change what is reached, although the address is the same.
  if (listed.includes(claimed)) return true;
  if (claimed.includes('@') || /^[^:]*:\d+$/.test(claimed)) return false;
  const canonical = canonicalAddress(claimed);
  return listed.some((item) => canonicalAddress(item) === canonical);
}

function refusal(reason: TargetRefusal, detail: string): TargetResolution {
  return { ok: false, reason, detail };
}
