import { type FactPage, wireFact } from '@praxis/facts';

/** A page in wire names; what was withheld and what follows is said when there is something to say. */
export function wirePage(page: FactPage): Record<string, unknown> {
  return {
    facts: page.facts.map(wireFact),
    ...(page.withheld > 0 ? { withheld: page.withheld } : {}),
    ...(page.next === null ? {} : { next: page.next }),
  };
}
