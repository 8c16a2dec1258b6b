import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '@praxis/core';
import { openSqliteFactStore } from '@praxis/facts';
import { Ledger } from '@praxis/ledger';
import { makeTempDir } from '@praxis/testkit';
import { bareRecorder, measureAll, printTable } from './support/measure.ts';

// Durable records and durable puts a second, each beside what the bare file or the bare database does.
const COUNT = process.argv.includes('--full') ? 4000 : 800;
const CALLERS = 64;
const RECORD_BYTES = 1000;

using dir = makeTempDir();
const digest = 'a'.repeat(64);
const session = {
  version: '0',
  buildDigest: digest,
  mode: 'guarded',
  configDigest: digest,
  auditRetentionDays: 0,
  evidenceRetentionDays: 0,
  operator: 'operator:bench',
};
const ledger = await Ledger.open({ path: join(dir.path, 'audit.jsonl'), clock: systemClock, session });
const facts = await openSqliteFactStore({ path: join(dir.path, 'facts.db'), clock: systemClock });
const bare = bareRecorder(join(dir.path, 'bare.jsonl'), RECORD_BYTES);
const raw = new DatabaseSync(join(dir.path, 'raw.db'));
raw.exec(
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE f (id INTEGER PRIMARY KEY, s TEXT, v TEXT) STRICT',
);
const insert = raw.prepare('INSERT INTO f (s, v) VALUES (?, ?)');
let value = 0;

const append = (index: number): Promise<unknown> =>
  ledger.append({
    kind: 'read',
    decision: 'allowed',
    reason: 'allowed',
    tool: 'query_facts',
    tier: 'T0',
    args: { subject: `host:h${index}` },
  });
const put = (index: number): Promise<unknown> =>
  facts.put({
    subject: `host:h${index}`,
    predicate: 'status',
    value: { n: value++ },
    actor: 'bench',
    reason: 'bench',
  });

const RECORD = 'ceiling: JSON.parse, SHA-256, write, fdatasync';
const INSERT = 'ceiling: one prepared INSERT, one commit each';
const measured = await measureAll(
  [
    { what: RECORD, work: bare.call, callers: 1, ceiling: null },
    { what: 'ledger records, 1 at a time', work: append, callers: 1, ceiling: RECORD },
    { what: `ledger records, ${CALLERS} at a time`, work: append, callers: CALLERS, ceiling: RECORD },
    { what: INSERT, work: (index) => insert.run(`host:h${index}`, '{"up":true}'), callers: 1, ceiling: null },
    { what: 'puts that say something new, 1 at a time', work: put, callers: 1, ceiling: INSERT },
    {
      what: `puts that say something new, ${CALLERS} at a time`,
      work: put,
      callers: CALLERS,
      ceiling: INSERT,
    },
  ],
  COUNT,
);
bare.close();
raw.close();
await ledger.close();
await facts.close();
printTable('Records and puts', measured);
