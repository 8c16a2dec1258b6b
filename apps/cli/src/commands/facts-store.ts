import { systemClock } from '@praxis/core';
import { type FactStore, type KindsMode, openFactStore, parseStoreDsn } from '@praxis/facts';
import { readConfig, type ServerConfig } from '@praxis/mcp-server';
import { openDataDir } from '@praxis/storage';
import { kindsPolicyOf } from '../fact-kinds.ts';

/** Which store a command works on. */
export interface StoreOption {
  readonly store?: string;
}

/** How much the kinds of entities matter to a command that puts facts. */
export interface KindsOption {
  readonly kinds?: string;
  readonly kindsMode?: KindsMode;
}

/** Runs `work` on the store that was named, or on the configured one, and closes it. */
export async function withFactStore<R>(
  options: StoreOption & KindsOption,
  work: (store: FactStore) => Promise<R>,
): Promise<R> {
  const kinds = kindsPolicyOf(kindsConfig(options), (line) => console.error(line));
  const store = await openFactStore({ dsn: storeDsn(options), clock: systemClock, kinds });
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

/** Which kinds there are, and how much they matter: as the options say, or else the environment. */
export function kindsConfig(options: KindsOption): ServerConfig['factKinds'] {
  const { factKinds } = readConfig(process.env);
  const named = options.kinds === undefined ? {} : { path: options.kinds, configured: true };
  return { ...factKinds, ...named, mode: options.kindsMode ?? factKinds.mode };
}

/** Whether this reader may see restricted facts: as the environment says for the MCP server. */
export function mayReadRestricted(): boolean {
  return readConfig(process.env).allowRestricted;
}
