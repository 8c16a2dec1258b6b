import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';

/** The first and the longest pause before a listener connects again, in milliseconds. */
export const POSTGRES_LISTEN_PAUSE_MS = 100;
export const POSTGRES_LISTEN_PAUSE_MAX_MS = 5000;

/** Hears notifications until it is closed. */
export interface PostgresListener {
  close(): Promise<void>;
}

/**
 * Listens on a channel over a connection of its own, which is made again when it breaks, after growing
 * pauses. `heard` is called for every notification, and after every connection was made: what was said
 * meanwhile is lost. https://www.postgresql.org/docs/current/sql-listen.html
 */
export function listenPostgres(config: ClientConfig, channel: string, heard: () => void): PostgresListener {
  const closing = new AbortController();
  const listening = listenOn(config, channel, heard, closing.signal);
  return {
    async close() {
      closing.abort();
      await listening;
    },
  };
}

async function listenOn(
  config: ClientConfig,
  channel: string,
  heard: () => void,
  closing: AbortSignal,
): Promise<void> {
  let pauseMs = POSTGRES_LISTEN_PAUSE_MS;
  while (!closing.aborted) {
    const heardOnce = await listenOnce(config, channel, heard, closing);
    pauseMs = heardOnce ? POSTGRES_LISTEN_PAUSE_MS : Math.min(pauseMs * 2, POSTGRES_LISTEN_PAUSE_MAX_MS);
    // An abort ends the pause; the loop sees it.
    await sleep(pauseMs, undefined, { signal: closing }).catch(() => undefined);
  }
}

/** Listens until the connection ends; false when there was none. */
async function listenOnce(
  config: ClientConfig,
  channel: string,
  heard: () => void,
  closing: AbortSignal,
): Promise<boolean> {
  const client = new Client(config);
  const ended = new Promise<void>((resolve) => {
    client.on('end', resolve);
    // Whatever broke the connection: it is made again.
    client.on('error', () => resolve());
    closing.addEventListener('abort', () => resolve(), { once: true });
  });
  client.on('notification', heard);
  let connected = false;
  try {
    await client.connect();
    await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    connected = true;
    heard();
    await ended;
  } catch {
    // Not there, or not now: tried again after a pause, while whoever listens goes on polling.
    connected = false;
  }
  await client.end().catch(() => undefined);
  return connected;
}
