import type { InventoryHost } from './host.ts';

/**
 * The hosts praxis may touch. The inventory alone decides what a host is and where it is; a host it
 * does not list does not exist. Names are compared exactly.
 */
export class Inventory {
  readonly hosts: readonly InventoryHost[];
  /** The file it came from, or null for the empty inventory of a missing file. */
  readonly file: string | null;
  readonly #byName: ReadonlyMap<string, InventoryHost>;

  constructor(hosts: readonly InventoryHost[], file: string | null) {
    this.hosts = hosts;
    this.file = file;
    this.#byName = new Map(hosts.map((host) => [host.name, host]));
  }

  /** The host of exactly this name, or undefined. */
  find(name: string): InventoryHost | undefined {
    return this.#byName.get(name);
  }

  get size(): number {
    return this.hosts.length;
  }
}

/** The inventory of a missing file: it knows no host, so every target is refused. */
export const EMPTY_INVENTORY: Inventory = new Inventory([], null);
