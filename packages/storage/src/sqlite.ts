import { constants, DatabaseSync } from 'node:sqlite';

import { errorCode } from '@praxis/core';

import { fromSqlite, StorageError } from './errors.ts';
import { isOwnedByThisUser, statOrNull } from './data-dir.ts';
import { touchOwnerOnly } from './data-dir-lock.ts';
import { migrateSqlite, type SqliteMigration } from './migrate.ts';
import { checkIntegrity } from './check-integrity.ts';
import { type SqliteDatabase, wrapSqlite } from './sqlite-database.ts';

/** How long `open` waits for another process's lock, in milliseconds. */
export const SQLITE_OPEN_TIMEOUT_MS = 5000;
/**
 * The largest file that is checked page by page at every start, in bytes. It takes about a second; a larger
 * one is checked by `checkIntegrity`, and when a damaged page is read.
 */
export const SQLITE_CHECK_AT_START_BYTES_MAX = 268_435_456;
/** The page cache, in KiB (negative in the pragma). */
const CACHE_KIB = 65_536;

/** Which database to open, and what must have been done to it. */
export interface SqliteOptions {
  /** A file, or `:memory:`. */
  path: string;
  migrations: readonly SqliteMigration[];
  /** Checks every page at start. Default: for files of at most `SQLITE_CHECK_AT_START_BYTES_MAX`. */
  checkIntegrity?: boolean;
  /** The file of an extension to load if it can be; none can be loaded after it. Null or absent: none. */
  extension?: string | null;
}

/**
 * Opens (or creates, mode 0600) a SQLite database: WAL, `synchronous=FULL`, recursive triggers, no
 * statement may drop or alter a table, an index or a trigger once the migrations have run.
 * Throws `STORE_PATH_UNSAFE`, `STORE_CORRUPT`, `STORE_TAMPERED` (the schema is not the one the
 * migrations make), `STORE_VERSION_UNKNOWN`, `STORE_LOCKED`.
 */
export function openSqlite(options: SqliteOptions): SqliteDatabase {
  const inMemory = options.path === ':memory:';
  if (!inMemory) checkFile(options.path);
  try {
    if (!inMemory) touchOwnerOnly(options.path);
    const { extension = null } = options;
    const db = new DatabaseSync(options.path, {
      timeout: SQLITE_OPEN_TIMEOUT_MS,
      allowExtension: extension !== null,
    });
    try {
      if (extension !== null) loadExtension(db, extension);
      return prepareDatabase(db, options, inMemory);
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw fromSqlite(fromFileSystem(error, options.path), `opening \`${options.path}\``);
  }
}

/** What the operating system says of a file or its directory (`ENOENT`, `EACCES`, `EROFS`), in our terms. */
function fromFileSystem(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const code = errorCode(error) === 'ENOSPC' ? 'STORE_FULL' : 'STORE_IO';
  return new StorageError(code, `opening \`${path}\`: ${error.message}`, { cause: error });
}

/** An extension only makes things quicker: one that cannot be loaded here is done without. */
function loadExtension(db: DatabaseSync, file: string): void {
  try {
    db.loadExtension(file);
  } catch (error) {
    if (errorCode(error) !== 'ERR_LOAD_SQLITE_EXTENSION') throw error;
  } finally {
    db.enableLoadExtension(false);
  }
}

function prepareDatabase(db: DatabaseSync, options: SqliteOptions, inMemory: boolean): SqliteDatabase {
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA recursive_triggers = ON;
    PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -${CACHE_KIB};
    PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864`);
  if (options.checkIntegrity ?? isSmallFile(options.path)) checkIntegrity(db, options.path);
  migrateSqlite(db, options.migrations);
  if (!inMemory) checkSchema(db, options);
  db.enableDefensive(true);
  db.setAuthorizer(denySchemaChanges);
  // From here on a lock is waited for outside the event loop, by the group commit.
  db.exec('PRAGMA busy_timeout = 0');
  return wrapSqlite(db, options.path);
}

function checkFile(path: string): void {
  const stats = statOrNull(path);
  if (stats === null) return;
  if (!stats.isFile()) throw new StorageError('STORE_PATH_UNSAFE', `\`${path}\` is not a regular file`);
  if (!isOwnedByThisUser(stats))
    throw new StorageError('STORE_PATH_UNSAFE', `\`${path}\` belongs to another user`);
}

function isSmallFile(path: string): boolean {
  const stats = path === ':memory:' ? null : statOrNull(path);
  return stats !== null && stats.size <= SQLITE_CHECK_AT_START_BYTES_MAX;
}

/** Compares the schema with that of a fresh database made by the same migrations. */
function checkSchema(db: DatabaseSync, options: SqliteOptions): void {
  const fresh = new DatabaseSync(':memory:');
  try {
    migrateSqlite(fresh, options.migrations);
    const expected = schemaOf(fresh);
    const actual = schemaOf(db);
    for (const [name, sql] of expected) {
      if (actual.get(name) !== sql) {
        throw new StorageError(
          'STORE_TAMPERED',
          `\`${name}\` in \`${options.path}\` was dropped or altered`,
          {
            fields: { object: name },
          },
        );
      }
    }
    for (const name of actual.keys()) {
      if (!expected.has(name)) {
        throw new StorageError(
          'STORE_TAMPERED',
          `\`${name}\` in \`${options.path}\` is foreign to this store`,
          {
            fields: { object: name },
          },
        );
      }
    }
  } finally {
    fresh.close();
  }
}

function schemaOf(db: DatabaseSync): Map<string, string> {
  const rows = db
    .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    .all();
  return new Map(rows.map((row) => [String(row['name']), String(row['sql'])]));
}

const DENIED_ACTIONS: ReadonlySet<number> = new Set([
  constants.SQLITE_DROP_INDEX,
  constants.SQLITE_DROP_TABLE,
  constants.SQLITE_DROP_TRIGGER,
  constants.SQLITE_DROP_VIEW,
  constants.SQLITE_DROP_VTABLE,
  constants.SQLITE_ALTER_TABLE,
  constants.SQLITE_CREATE_TRIGGER,
  constants.SQLITE_CREATE_TEMP_TRIGGER,
  constants.SQLITE_DROP_TEMP_TRIGGER,
  constants.SQLITE_ATTACH,
]);
const DENIED_PRAGMAS: ReadonlySet<string> = new Set([
  'writable_schema',
  'recursive_triggers',
  'synchronous',
  'journal_mode',
]);

function denySchemaChanges(action: number, first: string | null, second: string | null): number {
  if (DENIED_ACTIONS.has(action)) return constants.SQLITE_DENY;
  const setsPragma = action === constants.SQLITE_PRAGMA && second !== null;
  return setsPragma && DENIED_PRAGMAS.has((first ?? '').toLowerCase())
    ? constants.SQLITE_DENY
    : constants.SQLITE_OK;
}
