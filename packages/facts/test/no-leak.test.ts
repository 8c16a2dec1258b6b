import { openMemoryFactStore } from '../src/memory-store.ts';
import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { leaksNothing } from './no-leak.ts';

leaksNothing('memory', async (clock) => openMemoryFactStore({ clock }), 60);
leaksNothing('SQLite', (clock) => openSqliteFactStore({ path: ':memory:', clock }), 60);
