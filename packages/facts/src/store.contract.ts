import type { Clock } from '@praxis/core';
import { fakeClock } from '@praxis/testkit';
import { afterEach, beforeEach, describe } from 'vitest';

import { classificationContract } from './contract/classification.contract.ts';
import { edgesContract } from './contract/edges.contract.ts';
import { malformedContract } from './contract/malformed.contract.ts';
import { questionsContract } from './contract/questions.contract.ts';
import { sealsContract } from './contract/seals.contract.ts';
import { searchContract } from './contract/search.contract.ts';
import { transactionsContract } from './contract/transactions.contract.ts';
import { writesContract } from './contract/writes.contract.ts';
import { at, type Setting } from './contract/setting.contract.ts';
import type { FactStore } from './store.ts';

export { aPut } from './contract/setting.contract.ts';

/** Opens an empty store; `close` of the store must free everything. */
export type OpenStore = (clock: Clock) => Promise<FactStore>;

/** What every backend must do. */
export function factStoreContract(name: string, open: OpenStore): void {
  describe(`the fact store contract on ${name}`, () => {
    // Filled anew before every test.
    const the = {} as Setting;

    beforeEach(async () => {
      the.clock = fakeClock(at('12:00'));
      the.store = await open(the.clock);
    });
    afterEach(async () => {
      await the.store.close();
    });

    writesContract(the);
    transactionsContract(the);
    questionsContract(the);
    classificationContract(the);
    edgesContract(the);
    searchContract(the);
    sealsContract(the);
    malformedContract(the);
  });
}
