import type { HostType, InventoryHost } from '@praxis/fleet';
import { type Refusal, refuse } from './adapter.ts';

/** Refuses a host whose type an adapter may not touch. The type is the inventory's word. */
export function checkHostType(
  adapter: string,
  allowed: readonly HostType[],
  host: InventoryHost,
): Refusal | null {
  if (allowed.includes(host.hostType)) return null;
  return refuse('host_type_refused', `${adapter} never touches a ${host.hostType} host (\`${host.name}\`)`);
}

/** Whether the inventory says that this host is the machine praxis runs on (`actuation_paths: [local]`). */
export function isLocalHost(host: InventoryHost): boolean {
  return host.actuationPaths.includes('local');
}
