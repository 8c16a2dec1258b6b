import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { checkIntegrity } from './check-integrity.ts';
import { copySqlite, copySqliteInUse } from './copy-sqlite.ts';
import { fromSqlite, StorageError } from './errors.ts';
import { mapSqlite } from './sqlite-mapping.ts';

/** What SQLite stores. Binding anything else (a boolean, `undefined`) is a mistake it would hide. */
export type SqlValue = string | number | bigint | Uint8Array | null;
/** One row, by column name. */
export type SqlRow = Record<string, SqlValue>;

/** One open database. Statements are prepared once per text and kept. */
export interface SqliteDatabase {
  readonly path: string;
  all(sql: string, params?: readonly SqlValue[]): SqlRow[];
  get(sql: string, params?: readonly SqlValue[]): SqlRow | undefined;
  /** Rows as arrays in column order: the cheapest form, for hot paths. */
  prepare(sql: string, options?: { arrays?: boolean }): StatementSync;
  /** Runs `work`, which reads with prepared statements: a damaged page throws `STORE_CORRUPT`, as everywhere. */
  reading<R>(work: () => R): R;
  /** A number that changes when another connection has changed the database. */
  dataVersion(): number;
  run(sql: string, params?: readonly SqlValue[]): { changes: number; lastId: number };
  /** Runs `work` in one `BEGIN IMMEDIATE` transaction; rolls back when it throws. Synchronous. */
  transact<R>(work: () => R): R;
  /** Begins such a transaction, for work that comes in pieces; nothing else may be written meanwhile. */
  begin(): SqliteTransaction;
  /** Checks every page, read from the disk by system calls. Throws `STORE_CORRUPT`, `STORE_IO`. */
  checkIntegrity(): void;
  /** Copies the database while it is in use. The copy is owner-only. Throws `STORE_CORRUPT` for a damaged one. */
  backupTo(path: string): Promise<void>;
  close(): void;
}

/** A transaction that has begun. */
export interface SqliteTransaction {
  /** Makes it durable. What cannot be committed is rolled back. */
  commit(): void;
  rollback(): void;
}

/** How many distinct statements are kept prepared; the oldest makes room for a new one. */
const STATEMENTS_MAX = 256;

/** What `openSqlite` gives over a database that was prepared and checked; from here on its file is mapped. */
export function wrapSqlite(db: DatabaseSync, path: string): SqliteDatabase {
  const mapping = mapSqlite(db);
  const statements = new Map<string, StatementSync>();
  const bounds = { begin: db.prepare('BEGIN IMMEDIATE'), commit: db.prepare('COMMIT') };
  const version = db.prepare('PRAGMA data_version');
  version.setReturnArrays(true);
  const prepare = (sql: string, options: { arrays?: boolean } = {}): StatementSync => {
    const key = options.arrays === true ? `a:${sql}` : sql;
    const known = statements.get(key);
    if (known !== undefined) return known;
    if (statements.size >= STATEMENTS_MAX) statements.delete(statements.keys().next().value ?? '');
    const statement = db.prepare(sql);
    if (options.arrays === true) statement.setReturnArrays(true);
    statements.set(key, statement);
    return statement;
  };
  return {
    path,
    dataVersion: () => Number((version.get() as unknown as number[])[0]),
    prepare: (sql, options) => guarded(path, () => prepare(sql, options)),
    reading: (work) => guarded(path, work),
    all: (sql, params = []) => guarded(path, () => prepare(sql).all(...checked(params)) as SqlRow[]),
    get: (sql, params = []) =>
      guarded(path, () => prepare(sql).get(...checked(params)) as SqlRow | undefined),
    run: (sql, params = []) =>
      guarded(path, () => {
        const result = prepare(sql).run(...checked(params));
        return { changes: Number(result.changes), lastId: Number(result.lastInsertRowid) };
      }),
    transact: (work) => transact(db, bounds, path, work),
    begin: () => begin(db, bounds, path),
    checkIntegrity: () => {
      const resume = mapping.suspend();
      try {
        guarded(path, () => checkIntegrity(db, path));
      } finally {
        resume();
      }
    },
    // A connection of its own maps nothing.
    backupTo: (target) =>
      path === ':memory:' ? copySqlite(db, path, target) : copySqliteInUse(path, target),
    close: () => {
      if (db.isOpen) db.close();
    },
  };
}

interface Bounds {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
}

function transact<R>(db: DatabaseSync, bounds: Bounds, path: string, work: () => R): R {
  const transaction = begin(db, bounds, path);
  try {
    const result = work();
    transaction.commit();
    return result;
  } catch (error) {
    transaction.rollback();
    throw fromSqlite(error, `writing \`${path}\``);
  }
}

function begin(db: DatabaseSync, bounds: Bounds, path: string): SqliteTransaction {
  guarded(path, () => bounds.begin.run());
  // SQLite has rolled back by itself after a full disk or an I/O error.
  const rollback = (): void => {
    if (db.isTransaction) db.exec('ROLLBACK');
  };
  return {
    commit() {
      try {
        bounds.commit.run();
      } catch (error) {
        rollback();
        throw fromSqlite(error, `writing \`${path}\``);
      }
    },
    rollback,
  };
}

function guarded<R>(path: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    throw fromSqlite(error, `using \`${path}\``);
  }
}

// A Date or an object as the first argument would be taken for named parameters and bind NULLs.
function checked(params: readonly SqlValue[]): readonly SqlValue[] {
  for (const param of params) {
    const isValue =
      param === null ||
      typeof param === 'string' ||
      typeof param === 'number' ||
      typeof param === 'bigint' ||
      param instanceof Uint8Array;
    if (!isValue)
      throw new StorageError('STORE_FAILED', `a parameter of type ${typeof param} cannot be bound`);
  }
  return params;
}
