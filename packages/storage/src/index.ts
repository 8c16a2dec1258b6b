export { openDataDir } from './data-dir.ts';
export { type DataDirLock, lockDataDir } from './data-dir-lock.ts';
export { sqliteResultCode, StorageError, type StorageErrorCode } from './errors.ts';
export {
  GROUP_COMMIT_BATCH_MAX,
  GROUP_COMMIT_LOCKED_TIMEOUT_MS,
  GROUP_COMMIT_WAITING_MAX,
  type GroupCommit,
  groupCommit,
  type GroupCommitOptions,
  type Settled,
} from './group-commit.ts';
export { type SqliteMigration } from './migrate.ts';
export {
  openPostgres,
  POSTGRES_POOL_MAX,
  POSTGRES_STATEMENT_TIMEOUT_MS,
  type PostgresDatabase,
  type PostgresOptions,
} from './postgres.ts';
export { NO_POSTGRES_CAPABILITIES, type PostgresCapabilities } from './postgres-capabilities.ts';
export {
  type PostgresParam,
  type PostgresRow,
  type PostgresSession,
  type PostgresTransaction,
} from './postgres-connection.ts';
export { COPY_NULL, copyText } from './postgres-copy.ts';
export { type PostgresListener } from './postgres-listen.ts';
export { type PostgresMigration } from './postgres-migrate.ts';
export { POSTGRES_SILENCE_MS } from './postgres-watch.ts';
export { replaceSqlite } from './replace-sqlite.ts';
export {
  openSqlite,
  SQLITE_CHECK_AT_START_BYTES_MAX,
  SQLITE_OPEN_TIMEOUT_MS,
  type SqliteOptions,
} from './sqlite.ts';
export { sqliteVecPath } from './sqlite-vec.ts';
export {
  type SqliteDatabase,
  type SqliteTransaction,
  type SqlRow,
  type SqlValue,
} from './sqlite-database.ts';
