import { FleetError } from '../errors.ts';
import type { DriftFact, DriftPage, DriftQuery, DriftReader } from './drift-store.ts';

/** How many pages one walk may take. */
export const PAGES_MAX = 10_000;

/** Every fact a query matches, page by page, with the number of facts withheld as restricted. */
export async function readFacts(
  store: DriftReader,
  query: Omit<DriftQuery, 'cursor'>,
): Promise<{ facts: DriftFact[]; withheld: number }> {
  const facts: DriftFact[] = [];
  let withheld = 0;
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer: DriftPage = await store.query(cursor === null ? query : { ...query, cursor });
    facts.push(...answer.facts);
    withheld += answer.withheld;
    cursor = answer.next;
    if (cursor === null) return { facts, withheld };
  }
  throw new FleetError('FLEET_STORE_UNBOUNDED', `the store answered more than ${PAGES_MAX} pages`);
}
