import type { Clock } from '@praxis/core';
import { replaceSqlite } from '@praxis/storage';

import { FactError } from './errors.ts';
import { openSqliteFactStore } from './sqlite-store.ts';
import type { FactVerifyReport } from './store.ts';

/**
 * Puts a copy of a backup in the place of a store. The copy is brought up to date and its seals are verified first; the
 * backup itself is only read. What was there is kept beside, and its new name is returned. Throws `STORE_LOCKED` while
 * somebody uses the store, `STORE_IO` when there is no such file, `STORE_CORRUPT` for a damaged backup or one that holds
 * no store, `FACT_SEAL_CONFLICT` for one whose chain is broken.
 */
export async function restoreFactStore(options: {
  from: string;
  to: string;
  clock: Clock;
}): Promise<{ keptAs: string | null; report: FactVerifyReport }> {
  let report: FactVerifyReport | null = null;
  const keptAs = await replaceSqlite(options.from, options.to, async (copy) => {
    report = await verified(copy, options.clock);
    if (!report.ok) throw new FactError('FACT_SEAL_CONFLICT', 'the backup is not what was sealed');
  });
  if (report === null) throw new FactError('FACT_SEAL_CONFLICT', 'the backup was not verified');
  return { keptAs, report };
}

async function verified(path: string, clock: Clock): Promise<FactVerifyReport> {
  const store = await openSqliteFactStore({ path, clock });
  try {
    return await store.verify();
  } finally {
    await store.close();
  }
}
