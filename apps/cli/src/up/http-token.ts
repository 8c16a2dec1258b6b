import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PraxisError } from '@praxis/core';
import type { ServerConfig } from '@praxis/mcp-server';
import { openDataDir } from '@praxis/storage';

const TOKEN_BYTES = 32;
/** The shortest token accepted from the file, in characters. */
const TOKEN_LENGTH_MIN = 16;

/** The bearer token and where a person finds it. */
export interface HttpToken {
  readonly value: string;
  /** The file that holds it, or `null` when it came from PRAXIS_HTTP_TOKEN. */
  readonly path: string | null;
}

/** The configured token, else the one kept owner-only in the data directory, made on first use. */
export function ensureHttpToken(config: ServerConfig): HttpToken {
  if (config.http.token !== null) return { value: config.http.token, path: null };
  const path = join(openDataDir(config.dataDir), 'http-token');
  try {
    writeFileSync(path, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  if (!lstatSync(path).isFile()) throw new PraxisError('HTTP_TOKEN_INVALID', `${path} is not a regular file`);
  chmodSync(path, 0o600);
  const value = readFileSync(path, 'utf8').trim();
  if (value.length < TOKEN_LENGTH_MIN || /\s/.test(value)) {
    throw new PraxisError('HTTP_TOKEN_INVALID', `${path} holds no usable token: remove it to get a new one`);
  }
  return { value, path };
}
