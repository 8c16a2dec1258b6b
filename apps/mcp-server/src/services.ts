import type { Adapter } from '@praxis/actuation';
import type { Clock } from '@praxis/core';
import type { FactStore } from '@praxis/facts';
import type { Inventory } from '@praxis/fleet';
import type { Gate, KillSwitch, Sessions } from '@praxis/gate';

/** What the tools work with. Put together in one place, by whoever starts a server. */
export interface Services {
  readonly gate: Gate;
  readonly sessions: Sessions;
  readonly facts: FactStore;
  readonly inventory: Inventory;
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly killSwitch: KillSwitch;
  readonly clock: Clock;
  /** Whether facts classified as restricted may be read here. */
  readonly allowRestricted: boolean;
  /** What is written to the operator about trouble that no caller should see the details of. */
  readonly log: (line: string) => void;
}
