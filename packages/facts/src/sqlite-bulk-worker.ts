import { parentPort, workerData } from 'node:worker_threads';

import { openSqlite, SQLITE_OPEN_TIMEOUT_MS } from '@praxis/storage';

import { type BulkAnswer, type BulkRequest, createBulkWriter } from './sqlite-bulk-writer.ts';
import { SQLITE_FACT_MIGRATIONS } from './sqlite-schema.ts';

// The thread that writes bulk: it has a connection of its own to a store that is open, and was checked, already.
const { path } = workerData as { path: string };
const db = openSqlite({ path, migrations: SQLITE_FACT_MIGRATIONS, checkIntegrity: false });
// Nobody else lives in this thread: it waits for other processes inside SQLite.
db.run(`PRAGMA busy_timeout = ${SQLITE_OPEN_TIMEOUT_MS}`);
const write = createBulkWriter(db);
const say = (answer: BulkAnswer): void => parentPort?.postMessage(answer);
parentPort?.on('message', (request: BulkRequest) => {
  const answer = write(request);
  if (answer !== null) say(answer);
  if (request.do === 'close') parentPort?.close();
});
say({ ready: true });
