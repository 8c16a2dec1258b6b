import type { Clock, Instant } from '@praxis/core';
import type { PostgresDatabase } from '@praxis/storage';

import { isPartitioned, partitionFacts, PARTITION_BELIEVED, prepareMonths } from './postgres-partitions.ts';

/** Where rows go. */
export interface FactLayout {
  /** The table that many rows are copied into. */
  readonly table: string;
  readonly partitioned: boolean;
  /** Sees to it that what ends before an instant has a place. */
  prepare(until: Instant): Promise<void>;
}

/** Finds how the store is laid out; `partition` asks for partitions, which a store never loses again. */
export async function openLayout(
  db: PostgresDatabase,
  clock: Clock,
  options: { partition: boolean },
): Promise<FactLayout> {
  if (options.partition && db.capabilities.partitioning) await partitionFacts(db, clock.now());
  if (!(await isPartitioned(db)))
    return { table: 'facts', partitioned: false, prepare: async () => undefined };
  let preparedUntil = await prepareMonths(db, clock.now());
  return {
    table: PARTITION_BELIEVED,
    partitioned: true,
    async prepare(until) {
      if (until > preparedUntil) preparedUntil = await prepareMonths(db, until);
    },
  };
}
