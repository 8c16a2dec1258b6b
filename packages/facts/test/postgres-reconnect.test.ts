import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { openPostgres, POSTGRES_SILENCE_MS } from '@praxis/storage';
import { fakeClock } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';

import { POSTGRES_FACT_MIGRATIONS } from '../src/postgres-schema.ts';
import { openPostgresFactStore, type PostgresFactStore } from '../src/postgres-store.ts';
import { aPut } from '../src/store.contract.ts';
import { type BreakableProxy, openProxy } from './breakable-proxy.ts';
import { startPostgres, type TestPostgres } from './postgres-server.ts';

let server: TestPostgres;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

async function aProxy(): Promise<BreakableProxy> {
  const proxy = await openProxy(Number(new URL(server.url).port));
  onTestFinished(() => proxy.close());
  return proxy;
}

async function aStore(
  schema: string,
  options: { url?: string; statementTimeoutMs?: number; poolMax?: number } = {},
): Promise<PostgresFactStore> {
  const store = await openPostgresFactStore({ url: server.url, clock: fakeClock(), schema, ...options });
  onTestFinished(() => store.close());
  return store;
}

const AWAY = { code: 'STORE_UNAVAILABLE', retryable: true };
/** What a timer may fire early by. */
const TIMER_MS = 5;

describe('a way to PostgreSQL that breaks', () => {
  it('is tried again after growing pauses, and given up after the last', async () => {
    const proxy = await aProxy();
    proxy.cut();
    const url = proxy.through(server.url);
    await expect(openPostgresFactStore({ url, clock: fakeClock() })).rejects.toMatchObject(AWAY);
    const pauses = proxy.asked.slice(1).map((at, n) => at - (proxy.asked[n] ?? 0));
    expect(pauses).toHaveLength(3);
    for (const [n, leastMs] of [50, 200, 800].entries())
      expect(pauses[n]).toBeGreaterThanOrEqual(leastMs - TIMER_MS);
  });

  it('is not noticed by who asks while it is being mended', async () => {
    const proxy = await aProxy();
    const store = await aStore('mended', { url: proxy.through(server.url) });
    await store.put(aPut());
    proxy.cut();
    await sleep(20);
    const asking = store.query({});
    const putting = store.put(aPut({ value: 'v2' }));
    await sleep(100);
    proxy.mend();
    expect((await asking).facts).toHaveLength(1);
    expect(await putting).toMatchObject({ changed: true });
  });

  it('that is cut under a call is told as such, and who repeats it with its idempotency key has written once', async () => {
    const proxy = await aProxy();
    const store = await aStore('cut', { url: proxy.through(server.url) });
    const again = aPut({ value: 'v2', idempotencyKey: 'again' });
    await store.put(aPut());
    const db = await openPostgres({ url: server.url, schema: 'cut', migrations: POSTGRES_FACT_MIGRATIONS });
    await db.transact(async (session) => {
      await session.query('LOCK TABLE facts IN ACCESS EXCLUSIVE MODE');
      const asking = expect(store.query({})).rejects.toMatchObject(AWAY);
      const putting = expect(store.put(again)).rejects.toMatchObject(AWAY);
      await sleep(100);
      proxy.cut();
      proxy.mend();
      await Promise.all([asking, putting]);
    });
    await db.close();
    expect(await store.put(again)).toMatchObject({ changed: true });
    const { facts } = await store.query({});
    expect(facts.map(({ value, observationCount }) => [value, observationCount])).toEqual([['v2', 1]]);
    expect(await store.put(aPut({ value: 'v3' }))).toMatchObject({ changed: true });
  });
});

describe('listening for changes over a way that breaks', () => {
  it('is tried again after growing pauses, and goes on where it was mended', async () => {
    const proxy = await aProxy();
    const watcher = await aStore('listened', { url: proxy.through(server.url) });
    const writer = await aStore('listened');
    const done = new AbortController();
    onTestFinished(() => done.abort());
    let woken = 0;
    const watching = (async () => {
      for await (const _ of watcher.changes({ signal: done.signal, pollMs: 3_600_000 })) woken += 1;
    })();
    await vi.waitUntil(() => woken > 0);
    await sleep(200);
    const before = proxy.asked.length;
    proxy.cut();
    await vi.waitUntil(() => proxy.asked.length >= before + 4, { timeout: 10_000 });
    const tries = proxy.asked.slice(before);
    const pauses = tries.slice(1).map((at, n) => at - (tries[n] ?? 0));
    for (const [n, leastMs] of [200, 400, 800].entries())
      expect(pauses[n]).toBeGreaterThanOrEqual(leastMs - TIMER_MS);
    proxy.mend();
    const wokenBefore = woken;
    await vi.waitUntil(() => woken > wokenBefore, { timeout: 10_000 });
    const wokenOnceMended = woken;
    await writer.put(aPut());
    await vi.waitUntil(() => woken > wokenOnceMended, { timeout: 5000 });
    done.abort();
    await watching;
  });
});

/** A server that lets a client in and says goodbye in one breath, as one does whose parent was killed. */
async function aDyingServer(): Promise<number> {
  const message = (type: string, ...body: (string | number[])[]): Buffer => {
    const content = Buffer.concat(body.map((part) => Buffer.from(part as string)));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length + 4);
    return Buffer.concat([Buffer.from(type), length, content]);
  };
  const goodbye = Buffer.concat([
    message('R', [0, 0, 0, 0]),
    message('Z', 'I'),
    message('E', 'SFATAL\0', 'C57P01\0', 'Mterminating connection due to unexpected postmaster exit\0', '\0'),
  ]);
  const dying = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(goodbye));
  });
  await new Promise<void>((resolve) => dying.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void dying.close());
  const address = dying.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('a server that dies as it lets somebody in', () => {
  it('is told as such, and does not end the process', async () => {
    const url = `postgresql://praxis@127.0.0.1:${await aDyingServer()}/postgres`;
    await expect(openPostgresFactStore({ url, clock: fakeClock() })).rejects.toMatchObject(AWAY);
  });
});

describe('a server that falls silent without a word', () => {
  it('is not waited for without end, and is found again when it is back', {
    timeout: POSTGRES_SILENCE_MS + 20_000,
  }, async () => {
    const proxy = await aProxy();
    const store = await aStore('silent', { url: proxy.through(server.url), statementTimeoutMs: 200 });
    await store.put(aPut());
    await store.query({});
    proxy.silence();
    const asked = performance.now();
    const asking = expect(store.query({})).rejects.toMatchObject(AWAY);
    await expect(store.put(aPut({ value: 'v2' }))).rejects.toMatchObject(AWAY);
    await asking;
    expect(performance.now() - asked).toBeGreaterThan(POSTGRES_SILENCE_MS);
    proxy.cut();
    proxy.mend();
    // A connection that was idle when it was cut is only missed by whoever uses it next, who is told to try again.
    await expect.poll(async () => (await store.query({})).facts).toHaveLength(1);
  });

  it('is not taken for one where a statement may take as long as it likes', {
    timeout: POSTGRES_SILENCE_MS + 20_000,
  }, async () => {
    const options = { url: server.url, schema: 'patient', migrations: [], statementTimeoutMs: 100 };
    const db = await openPostgres(options);
    onTestFinished(() => db.close());
    const seconds = (POSTGRES_SILENCE_MS + 1000) / 1000;
    expect(
      await db.transactPatiently((session) => session.query(`SELECT pg_sleep(${seconds}) IS NULL`)),
    ).toHaveLength(1);
    await expect(db.query('SELECT pg_sleep(5)')).rejects.toMatchObject({ code: 'STORE_TIMEOUT' });
  });
});

describe('a question to PostgreSQL', () => {
  it('takes no longer than a statement may take, and the next is answered', async () => {
    const store = await aStore('slow', { statementTimeoutMs: 150 });
    await store.put(aPut());
    const db = await openPostgres({ url: server.url, schema: 'slow', migrations: POSTGRES_FACT_MIGRATIONS });
    const asked = performance.now();
    await db.transact(async (session) => {
      await session.query('LOCK TABLE facts IN ACCESS EXCLUSIVE MODE');
      await expect(store.query({})).rejects.toMatchObject({ code: 'STORE_TIMEOUT', retryable: true });
    });
    expect(performance.now() - asked).toBeLessThan(5000);
    await db.close();
    expect((await store.query({})).facts).toHaveLength(1);
  });

  it('waits for a connection when all are in use, and each takes its turn', async () => {
    const store = await aStore('turns', { poolMax: 1 });
    const puts = Array.from({ length: 40 }, (_, n) => store.put(aPut({ subject: `host:${n}` })));
    const pages = Array.from({ length: 40 }, () => store.query({}));
    await Promise.all(puts);
    for (const page of await Promise.all(pages)) expect(page.facts.length).toBeLessThanOrEqual(40);
    expect((await store.query({})).facts).toHaveLength(40);
  });

  it('is prepared once per connection, however often it is asked', async () => {
    const db = await openPostgres({ url: server.url, schema: 'once', migrations: [], poolMax: 1 });
    for (const n of [1, 2, 3]) expect(await db.query('SELECT $1::int4', [n])).toEqual([[n]]);
    const prepared = await db.query(
      "SELECT statement FROM pg_prepared_statements WHERE statement = 'SELECT $1::int4'",
    );
    expect(prepared).toHaveLength(1);
    await db.close();
  });
});
