import { lookup } from 'node:dns/promises';
import { errorCode } from '@praxis/core';
import type { InventoryHost } from '@praxis/fleet';
import { type Refusal, refuse } from '../adapter.ts';

/** How long the names of one destination may take to resolve, in milliseconds. */
const LOOKUP_TIMEOUT_MS = 3000;
/** What the resolver answers for a name that does not exist; ssh will not reach it either. */
const UNKNOWN_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ENODATA', 'ESERVFAIL', 'ETIMEOUT']);

/**
 * Refuses an address that the inventory knows as a Talos host's, under any of its names. An alias of the
 * client's own configuration or a DNS name may lead anywhere, also where only the Talos adapter may go.
 */
export async function checkNotTalos(
  hostname: string,
  inventory: readonly InventoryHost[],
): Promise<Refusal | null> {
  const talos = inventory.filter((host) => host.hostType === 'talos');
  if (talos.length === 0) return null;
  const wanted = new Set([canonical(hostname), ...(await addressesOf(hostname))]);
  for (const host of talos) {
    if (namesOf(host).some((name) => wanted.has(canonical(name)))) {
      return refuse(
        'host_type_refused',
        `ssh would reach the talos host \`${host.name}\` at \`${hostname}\``,
      );
    }
  }
  return null;
}

function namesOf(host: InventoryHost): string[] {
  const all = [
    host.name,
    host.ssh?.host,
    ...Object.values(host.addressing),
    ...host.routing.nodes,
    ...host.routing.endpoints,
  ];
  return all.filter((name) => name !== undefined);
}

/** The resolver also turns every other spelling of an address (`0x7f.1`) into the usual one. */
async function addressesOf(hostname: string): Promise<string[]> {
  const found = lookup(hostname, { all: true }).then(
    (answers) => answers.map(({ address }) => canonical(address)),
    (error: unknown) => {
      if (UNKNOWN_NAME.has(errorCode(error))) return [];
      throw error;
    },
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string[]>((settle) => {
    timer = setTimeout(() => settle([]), LOOKUP_TIMEOUT_MS);
  });
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}

function canonical(address: string): string {
  const plain = address
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  return plain.startsWith('::ffff:') && plain.includes('.') ? plain.slice('::ffff:'.length) : plain;
}
