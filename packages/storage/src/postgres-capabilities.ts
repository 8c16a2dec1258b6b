import type { PostgresSession } from './postgres-connection.ts';

/** What a server can do beyond the core that is always needed. */
export interface PostgresCapabilities {
  /** `pg_advisory_lock`. */
  readonly advisoryLocks: boolean;
  /** Exclusion constraints over a number and a range: `btree_gist` is installed, or this role may install it. */
  readonly exclusion: boolean;
  /** `LISTEN` and `NOTIFY`. */
  readonly notify: boolean;
  /** Declarative range partitions with a default one. */
  readonly partitioning: boolean;
  /** Ranking of vectors: the extension `vector` is installed, or this role may install it. */
  readonly vectors: boolean;
}

/** The core alone. */
export const NO_POSTGRES_CAPABILITIES: PostgresCapabilities = {
  advisoryLocks: false,
  exclusion: false,
  notify: false,
  partitioning: false,
  vectors: false,
};

/** Whether an extension is there, or can be installed by this role. */
function hasExtension(name: string): string {
  return `EXISTS (SELECT 1 FROM pg_extension WHERE extname = '${name}') OR (
    EXISTS (SELECT 1 FROM pg_available_extension_versions WHERE name = '${name}' AND (trusted
      OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)))
    AND has_database_privilege(current_database(), 'CREATE')
    AND EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = 'public' AND has_schema_privilege(oid, 'CREATE')))`;
}

// Functions and tables are looked up by name, which answers null where there are none.
const DETECT = `SELECT
  to_regprocedure('pg_catalog.pg_advisory_xact_lock(bigint)') IS NOT NULL,
  ${hasExtension('btree_gist')},
  to_regprocedure('pg_catalog.pg_notify(text,text)') IS NOT NULL,
  to_regclass('pg_catalog.pg_partitioned_table') IS NOT NULL,
  ${hasExtension('vector')}`;

/** Asks the server what it can do for this role. */
export async function detectPostgres(session: PostgresSession): Promise<PostgresCapabilities> {
  const [row = []] = await session.query(DETECT);
  const [advisoryLocks, exclusion, notify, partitioning, vectors] = row.map((cell) => cell === true);
  return {
    advisoryLocks: advisoryLocks === true,
    exclusion: exclusion === true,
    notify: notify === true,
    partitioning: partitioning === true,
    vectors: vectors === true,
  };
}
