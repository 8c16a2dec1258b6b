import type { Clock } from '@praxis/core';
import {
  groupCommit,
  openPostgres,
  type PostgresCapabilities,
  type PostgresDatabase,
  type PostgresRow,
  StorageError,
} from '@praxis/storage';

import type { DiffRow, FactBackend, WriteOutcome } from './backend.ts';
import { FactError } from './errors.ts';
import { asRecordedBy, type Cell, toStoredFact } from './fact-rows.ts';
import { diffSql, historySql, scanSql, vectorSql } from './fact-questions.ts';
import type { SqlQuery } from './fact-sql.ts';
import { createFactStore } from './fact-store.ts';
import { createBulkWriter } from './postgres-bulk.ts';
import { type ChangeTeller, createChangeTeller, watchPostgresChanges } from './postgres-changes.ts';
import { verifyPostgresDerived } from './postgres-derived.ts';
import { postgresDialect } from './postgres-dialect.ts';
import { excludeOverlaps } from './postgres-exclusion.ts';
import { type FactLayout, openLayout } from './postgres-layout.ts';
import { checkPostgresGuards } from './postgres-guards.ts';
import { checkPostgresClock, isFromAnotherServer, postgresHorizon } from './postgres-horizon.ts';
import { postgresNearest } from './postgres-nearest.ts';
import { createPointReader } from './postgres-point.ts';
import { postgresRules } from './postgres-rules.ts';
import { POSTGRES_FACT_MIGRATIONS } from './postgres-schema.ts';
import { addSeal, quiescentBounds, readSeals } from './postgres-seals.ts';
import { indexPendingText } from './postgres-text.ts';
import { checkPostgresTriggers } from './postgres-triggers.ts';
import { addPostgresVectors, openPgVector, type PgVector } from './postgres-vectors.ts';
import { createPostgresWriter } from './postgres-writer.ts';
import { sealedRow, sealedRowsSql } from './seal-sql.ts';
import type { FactStore } from './store.ts';
import type { Write } from './validate.ts';
import { vectorOf } from './vectors.ts';

/** The schema the tables live in when none is named. */
export const POSTGRES_SCHEMA_DEFAULT = 'praxis';
/** The largest batch of one transaction, in requests. */
export const POSTGRES_BATCH_MAX = 1024;

/** Where the store is and how it is used. */
export interface PostgresFactStoreOptions {
  /**
   * `postgresql://user:password@host:port/database?sslmode=…`; with `praxis_partition=month` as if `partition` were set.
   */
  url: string;
  clock: Clock;
  schema?: string;
  poolMax?: number;
  statementTimeoutMs?: number;
  /** What to use of what the server can do; default all that is detected. `NO_POSTGRES_CAPABILITIES`: the core alone. */
  capabilities?: PostgresCapabilities;
  /**
   * Partition the store by transaction time: what is believed in one table, what no longer is in one for each month
   * in which its belief ended. For good; a store that has facts is converted once, while nobody else can write.
   */
  partition?: boolean;
}

/** A store in PostgreSQL. */
export interface PostgresFactStore extends FactStore {
  /** What of the server's is used. */
  readonly capabilities: PostgresCapabilities;
  /** Whether it is partitioned by transaction time. */
  readonly partitioned: boolean;
  /**
   * Yields, first at once, when something may have been recorded, by this process or another: ask again
   * then. No recording goes without an item after it. Ends when the signal is aborted.
   */
  changes(options: { signal: AbortSignal; pollMs?: number }): AsyncIterable<void>;
}

/**
 * Opens the store in PostgreSQL 15 or later. Any number of processes may share it. Throws
 * `STORE_UNAVAILABLE`, `STORE_TLS_REFUSED`, `STORE_VERSION_UNKNOWN`, `STORE_TAMPERED` (what guards
 * the store is missing or another).
 */
export async function openPostgresFactStore(options: PostgresFactStoreOptions): Promise<PostgresFactStore> {
  const { clock, schema = POSTGRES_SCHEMA_DEFAULT, ...connection } = options;
  const { url, partition } = readUrl(options);
  const db = await openPostgres({ ...connection, url, schema, migrations: POSTGRES_FACT_MIGRATIONS });
  try {
    await checkPostgresGuards(db);
    const layout = await openLayout(db, clock, { partition });
    const exclusion = await excludeOverlaps(db, layout.table);
    const pgVector = await openPgVector(db);
    const teller = createChangeTeller(db, schema);
    const store = createFactStore(postgresBackend(db, clock, { teller, layout, pgVector }), clock);
    if (await isFromAnotherServer(db)) await store.seal();
    return {
      ...store,
      partitioned: layout.partitioned,
      capabilities: { ...db.capabilities, exclusion, vectors: pgVector !== null },
      changes: (watch) => watchPostgresChanges(db, { schema, ...watch }),
    };
  } catch (error) {
    await db.close();
    throw error;
  }
}

const PARTITION_PARAMETER = 'praxis_partition';

/** Takes out of a connection string what is for us and not for the driver. */
function readUrl({ url, partition = false }: PostgresFactStoreOptions): { url: string; partition: boolean } {
  if (!URL.canParse(url)) return { url, partition };
  const parsed = new URL(url);
  const asked = parsed.searchParams.get(PARTITION_PARAMETER);
  if (asked === null) return { url, partition };
  if (asked !== 'month')
    throw new FactError('FACT_STORE_DSN_INVALID', `\`${PARTITION_PARAMETER}\` can be nothing but \`month\``);
  parsed.searchParams.delete(PARTITION_PARAMETER);
  return { url: parsed.href, partition: true };
}

/** The backend over an open database with the schema of `POSTGRES_FACT_MIGRATIONS`. */
export function postgresBackend(
  db: PostgresDatabase,
  clock: Clock,
  to: { teller: ChangeTeller; layout: FactLayout; pgVector: PgVector | null },
): FactBackend {
  const { write, close } = createWriting(db, clock, to);
  const rules = postgresRules(db, clock);
  return {
    write,
    ...reading(db),
    horizon: () => postgresHorizon(db, clock),
    point: createPointReader(db, clock, rules),
    nearest: postgresNearest(db, to.pgVector),
    addVectors: (model, vectors) => addPostgresVectors(db, to.pgVector, model, vectors),
    // PostgreSQL checks pages by their checksums as it reads them, and verifying reads them all.
    checkIntegrity: async () => {
      await checkPostgresClock(db);
      await checkPostgresTriggers(db);
    },
    verifyDerived: () => verifyPostgresDerived(db),
    sealBounds: () => quiescentBounds(db),
    seals: () => readSeals(db),
    addSeal: (seal) => addSeal(db, seal),
    classificationRules: () => rules.inForce(),
    addClassificationRule: (rule) => rules.add(rule),
    sealAlone: (work) => db.alone('seal', work),
    close,
  };
}

/** Small transactions share commits; large ones have their own. */
function createWriting(
  db: PostgresDatabase,
  clock: Clock,
  { teller, layout }: { teller: ChangeTeller; layout: FactLayout },
): Pick<FactBackend, 'write' | 'close'> {
  const commits = groupCommit<readonly Write[], readonly WriteOutcome[]>({
    commit: createPostgresWriter(db, clock, layout),
    batchMax: POSTGRES_BATCH_MAX,
  });
  const bulk = createBulkWriter(db, clock, layout);
  let closed = false;
  return {
    async write(writes) {
      if (closed) throw new StorageError('STORE_CLOSED', 'the store is closed');
      const outcomes = (await bulk.commit(writes)) ?? (await commits.submit(writes));
      teller.tell();
      return outcomes;
    },
    async close() {
      closed = true;
      await bulk.idle();
      await commits.close();
      await teller.idle();
      await db.close();
    },
  };
}

type Reading = Pick<FactBackend, 'scan' | 'history' | 'diff' | 'vectors' | 'sealedRows'>;

function reading(db: PostgresDatabase): Reading {
  const read = (query: SqlQuery): Promise<readonly PostgresRow[]> => db.query(query.text, query.params);
  return {
    async scan(scan) {
      if (scan.filter.terms !== undefined) await indexPendingText(db);
      const rows = await read(scanSql(scan, postgresDialect));
      return rows.map((row) => toStoredFact(row as readonly Cell[]));
    },
    async history(scan) {
      const rows = await read(historySql(scan, postgresDialect));
      return rows.map((row) => asRecordedBy(toStoredFact(row as readonly Cell[]), scan.horizon.recordedAt));
    },
    async diff(scan) {
      const rows = await read(diffSql(scan, postgresDialect));
      return rows.map(
        (row): DiffRow => ({
          side: Number(row[20]) === 0 ? 'before' : 'after',
          fact: toStoredFact(row as readonly Cell[]),
        }),
      );
    },
    async vectors(scan) {
      const rows = await read(vectorSql(scan, postgresDialect));
      return rows.map((row) => ({
        factId: String(row[0]),
        subject: String(row[1]),
        predicate: String(row[2]),
        vector: vectorOf(row[3] as Uint8Array),
      }));
    },
    async sealedRows(rows, bounds, page) {
      const found = await read(sealedRowsSql(rows, bounds, page, postgresDialect));
      return found.map((row) => sealedRow(rows, row));
    },
  };
}
