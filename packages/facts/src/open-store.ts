import { fileURLToPath } from 'node:url';

import type { Clock } from '@praxis/core';

import { FactError } from './errors.ts';
import { type KindsPolicy, withKinds } from './kinds-on-write.ts';
import { openPostgresFactStore } from './postgres-store.ts';
import { openSqliteFactStore } from './sqlite-store.ts';
import type { FactStore } from './store.ts';

/** Where facts are kept, as a connection string says it. */
export type StoreLocation = { backend: 'sqlite'; path: string } | { backend: 'postgres'; url: string };

/**
 * Reads a connection string: `postgresql://…` or `postgres://…`, `sqlite:///file`, `file:///file`,
 * `:memory:`, or the path of a file. Throws `FACT_STORE_DSN_INVALID`; the message never repeats the
 * string, which may hold a password.
 */
export function parseStoreDsn(dsn: string): StoreLocation {
  if (dsn.length === 0 || dsn.includes('\0')) throw invalid('is empty');
  if (/^postgres(?:ql)?:\/\//i.test(dsn)) return { backend: 'postgres', url: dsn };
  if (dsn.startsWith('file://')) return { backend: 'sqlite', path: fileURLToPath(dsn) };
  // As SQLAlchemy has it: three slashes and a relative path, four and an absolute one.
  if (dsn.startsWith('sqlite:///')) return sqliteAt(dsn.slice('sqlite:///'.length));
  if (dsn === 'sqlite://' || dsn === ':memory:') return { backend: 'sqlite', path: ':memory:' };
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(dsn)) throw invalid('names no known kind of store');
  return { backend: 'sqlite', path: dsn };
}

/**
 * Opens the store a connection string names, with a look at kinds on every put when they are given. Throws as
 * `parseStoreDsn`, `openSqliteFactStore` and `openPostgresFactStore` do.
 */
export async function openFactStore(options: {
  dsn: string;
  clock: Clock;
  kinds?: KindsPolicy;
}): Promise<FactStore> {
  const { clock, kinds } = options;
  const location = parseStoreDsn(options.dsn);
  const store =
    location.backend === 'postgres'
      ? await openPostgresFactStore({ url: location.url, clock })
      : await openSqliteFactStore({ path: location.path, clock });
  return kinds === undefined ? store : withKinds(store, kinds);
}

function sqliteAt(path: string): StoreLocation {
  if (path.length === 0 || path === ':memory:') return { backend: 'sqlite', path: ':memory:' };
  return { backend: 'sqlite', path };
}

function invalid(what: string): FactError {
  return new FactError('FACT_STORE_DSN_INVALID', `the connection string of the store ${what}`);
}
