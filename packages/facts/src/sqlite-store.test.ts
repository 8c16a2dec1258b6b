import { openSqliteFactStore } from './sqlite-store.ts';
import { factStoreContract } from './store.contract.ts';

factStoreContract('SQLite in memory', (clock) => openSqliteFactStore({ path: ':memory:', clock }));
