import type { FactStore } from '../src/store.ts';

/** One store out of several that are open on the same facts, as processes are: each write is made by the next of them. */
export function byTurns(stores: readonly [FactStore, ...FactStore[]]): FactStore {
  let writes = 0;
  const next = (): FactStore => {
    writes += 1;
    return stores[writes % stores.length] ?? stores[0];
  };
  return {
    ...stores[0],
    put: (fact) => next().put(fact),
    putMany: (facts) => next().putMany(facts),
    end: (end) => next().end(end),
    close: async () => {
      await Promise.all(stores.map((store) => store.close()));
    },
  };
}
