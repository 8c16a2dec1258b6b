import type { Clock } from '@praxis/core';
import { replaceSqlite } from '@praxis/storage';

import { FactError } from './errors.ts';
import { openSqliteFactStore } from './sqlite-store.ts';
import type { FactVerifyReport } from './store.ts';

/**
 * Puts a backup in the place of a store. The backup is opened and its seals are verified first; what
 * was there is kept beside, and its new name is returned. Throws `STORE_LOCKED` while somebody uses
 * the store, `STORE_CORRUPT` for a damaged backup, `FACT_SEAL_CONFLICT` for one whose chain is broken.
 */
export async function restoreFactStore(options: {
  from: string;
  to: string;
  clock: Clock;
}): Promise<{ keptAs: string | null; report: FactVerifyReport }> {
  const backup = await openSqliteFactStore({ path: options.from, clock: options.clock });
  const report = await backup.verify();
  await backup.close();
  if (!report.ok) throw new FactError('FACT_SEAL_CONFLICT', 'the backup is not what was sealed');
  const keptAs = await replaceSqlite(options.from, options.to);
  return { keptAs, report };
}
