import type { Clock, Instant } from '@praxis/core';
import type { PostgresDatabase } from '@praxis/storage';

import {
  isPartitioned,
  monthOf,
  partitionFacts,
  PARTITION_BELIEVED,
  prepareMonths,
} from './postgres-partitions.ts';

/** Where rows go. */
export interface FactLayout {
  /** The table that many rows are copied into. */
  readonly table: string;
  readonly partitioned: boolean;
  /** Whether what ends at an instant has a place. */
  readonly isPrepared: (instant: Instant) => boolean;
  /**
   * Sees to it that what ends at an instant has a place, wherever the clock has gone. It waits for all who read or
   * write: nobody may hold a transaction meanwhile.
   */
  prepare(instant: Instant): Promise<void>;
}

/** Finds how the store is laid out; `partition` asks for partitions, which a store never loses again. */
export async function openLayout(
  db: PostgresDatabase,
  clock: Clock,
  options: { partition: boolean },
): Promise<FactLayout> {
  if (options.partition && db.capabilities.partitioning) await partitionFacts(db, clock.now());
  if (!(await isPartitioned(db)))
    return {
      table: 'facts',
      partitioned: false,
      isPrepared: () => true,
      prepare: async () => undefined,
    };
  // By month, because a clock may be set back as far as it likes.
  const prepared = new Set<string>();
  const isPrepared = (instant: Instant): boolean => prepared.has(monthOf(instant).table);
  const prepare = async (instant: Instant): Promise<void> => {
    if (isPrepared(instant)) return;
    for (const table of await prepareMonths(db, instant)) prepared.add(table);
  };
  await prepare(clock.now());
  return { table: PARTITION_BELIEVED, partitioned: true, isPrepared, prepare };
}
