import type { InventoryHost } from '@praxis/fleet';

/** An inventory entry; what is not given is an ubuntu host `web1` without settings. */
export function aHost(
  given: Partial<Omit<InventoryHost, 'routing'>> & { routing?: Partial<InventoryHost['routing']> } = {},
): InventoryHost {
  return {
    name: 'web1',
    hostType: 'ubuntu',
    alwaysOn: true,
    addressing: {},
    actuationPaths: [],
    ...given,
    routing: { endpoints: [], nodes: [], ...given.routing },
  };
}
