import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { agreesWithTheModel } from './oracle.ts';

agreesWithTheModel('SQLite', (clock) => openSqliteFactStore({ path: ':memory:', clock }), 120);
