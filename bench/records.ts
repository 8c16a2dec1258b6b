import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '@praxis/core';
import { openSqliteFactStore } from '@praxis/facts';
import { Ledger } from '@praxis/ledger';
import { makeTempDir } from '@praxis/testkit';
import { bareRecorder, type Measured, printTable, ratePerSecond } from './support/measure.ts';

// Durable records and durable puts a second, each beside what the bare file or the bare database does.
const COUNT = process.argv.includes('--full') ? 8000 : 2000;
const CALLERS = 64;
const RECORD_BYTES = 1000;

using dir = makeTempDir();
const rows: Measured[] = [];

function report(what: string, perSecond: number, ceiling: string, of: number | null): void {
  rows.push({ what, perSecond, ceiling, share: of === null ? null : perSecond / of });
}

const bare = bareRecorder(join(dir.path, 'bare.jsonl'), RECORD_BYTES);
const bareRecord = await ratePerSecond(bare.call, { count: COUNT });
bare.close();
report('ceiling: JSON.parse, SHA-256, write, fdatasync', bareRecord, '', null);

const digest = 'a'.repeat(64);
const ledger = await Ledger.open({
  path: join(dir.path, 'audit.jsonl'),
  clock: systemClock,
  session: {
    version: '0',
    buildDigest: digest,
    mode: 'guarded',
    configDigest: digest,
    auditRetentionDays: 0,
    evidenceRetentionDays: 0,
    operator: 'operator:bench',
  },
});
for (const callers of [1, CALLERS]) {
  const perSecond = await ratePerSecond(
    (index) =>
      ledger.append({
        kind: 'read',
        decision: 'allowed',
        reason: 'allowed',
        tool: 'query_facts',
        tier: 'T0',
        args: { subject: `host:h${index}` },
      }),
    { count: COUNT, callers },
  );
  report(`ledger records, ${callers} at a time`, perSecond, 'bare record', bareRecord);
}
await ledger.close();

const raw = new DatabaseSync(join(dir.path, 'raw.db'));
raw.exec(
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE f (id INTEGER PRIMARY KEY, s TEXT, v TEXT) STRICT',
);
const insert = raw.prepare('INSERT INTO f (s, v) VALUES (?, ?)');
const bareInsert = await ratePerSecond((index) => insert.run(`host:h${index}`, '{"up":true}'), {
  count: COUNT,
});
raw.close();
report('ceiling: one prepared INSERT, one commit each', bareInsert, '', null);

const facts = await openSqliteFactStore({ path: join(dir.path, 'facts.db'), clock: systemClock });
let value = 0;
for (const callers of [1, CALLERS]) {
  const perSecond = await ratePerSecond(
    (index) =>
      facts.put({
        subject: `host:h${index}`,
        predicate: 'status',
        value: { n: value++ },
        actor: 'bench',
        reason: 'bench',
      }),
    { count: COUNT, callers },
  );
  report(`puts that say something new, ${callers} at a time`, perSecond, 'bare INSERT', bareInsert);
}
await facts.close();
printTable('Records and puts', rows);
