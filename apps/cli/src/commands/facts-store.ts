import { systemClock } from '@praxis/core';
import { type FactStore, openFactStore, parseStoreDsn } from '@praxis/facts';
import { readConfig } from '@praxis/mcp-server';
import { openDataDir } from '@praxis/storage';

/** Which store a command works on. */
export interface StoreOption {
  readonly store?: string;
}

/** Runs `work` on the store that was named, or on the configured one, and closes it. */
export async function withFactStore<R>(
  options: StoreOption,
  work: (store: FactStore) => Promise<R>,
): Promise<R> {
  const store = await openFactStore({ dsn: storeDsn(options), clock: systemClock });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** The store that was named, or the configured one, whose directory is made when it is absent. */
export function storeDsn(options: StoreOption): string {
  if (options.store !== undefined) return options.store;
  const config = readConfig(process.env);
  const location = parseStoreDsn(config.storeDsn);
  if (location.backend === 'sqlite' && location.path.startsWith(config.dataDir)) openDataDir(config.dataDir);
  return config.storeDsn;
}

/** Whether this reader may see restricted facts: as the environment says for the MCP server. */
export function mayReadRestricted(): boolean {
  return readConfig(process.env).allowRestricted;
}
