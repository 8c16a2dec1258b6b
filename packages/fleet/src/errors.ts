import { PraxisError } from '@praxis/core';

/** What this package throws. Refusals (an unknown host, an unreadable source) are values, not these. */
export type FleetErrorCode =
  /** The inventory file is not YAML, has the wrong shape or contradicts itself. `fields.problems` lists every place. */
  | 'INVENTORY_INVALID'
  /** Anybody may change the inventory file, and so what every host is. */
  | 'INVENTORY_EXPOSED'
  /** The inventory file exists but cannot be read. */
  | 'INVENTORY_UNREADABLE'
  /** A store answered more pages than a bounded walk may take. */
  | 'FLEET_STORE_UNBOUNDED';

/** The error class of this package; compare `code`, never the message. */
export class FleetError extends PraxisError<FleetErrorCode> {
  override readonly name: string = 'FleetError';
}
