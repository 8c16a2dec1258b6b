import { fakeClock } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';
import { HTTP_SESSION_IDLE_SECONDS, HTTP_SESSIONS_MAX } from '../src/http/http-sessions.ts';
import { aServer, taintWhenRefused } from './a-server.ts';
import { anHttpServer, head, initialize, type RpcAnswer, type TestHttp, toolCall } from './an-http-server.ts';

const UNKNOWN = { status: 404, rpc: { error: { code: -32002 } } };
const TELEMETRY = { collector: 'probe', subject: 'host:web1', raw: 'A=1' };
const RUNBOOK = { adapter: 'runbook', host: 'web1', action: 'look.sh' };

/** A server with one harmless runbook. */
async function http(options: Parameters<typeof aServer>[0] = {}): Promise<TestHttp> {
  const server = await aServer(options);
  server.dir.write('runbooks/look.sh', 'uptime\n');
  return anHttpServer(server);
}

function use({ post }: TestHttp, session: string): Promise<RpcAnswer> {
  return post(toolCall('query_facts'), { 'mcp-session-id': session });
}

describe('a session', () => {
  it('is named by 24 random bytes', async () => {
    const { open } = await http();
    const [one, other] = [await open(), await open()];
    expect(Buffer.from(one, 'base64url')).toHaveLength(24);
    expect(one).not.toBe(other);
  });

  it('has to be there: a missing one and an unknown one are answered 404', async () => {
    const { post } = await http();
    expect(await post(toolCall('query_facts'))).toMatchObject(UNKNOWN);
    expect(await post(toolCall('query_facts'), { 'mcp-session-id': 'made-up' })).toMatchObject(UNKNOWN);
    expect(await post({ jsonrpc: '2.0', method: 'x' }, { 'mcp-session-id': 'made-up' })).toMatchObject(
      UNKNOWN,
    );
  });

  it('cannot be chosen by the client', async () => {
    const { post } = await http();
    expect(await post(initialize(), { 'mcp-session-id': 'chosen' })).toMatchObject(UNKNOWN);
  });

  it('ends with DELETE, once', async () => {
    const test = await http();
    const session = await test.open();
    const end = (): ReturnType<TestHttp['raw']> =>
      test.raw(head('DELETE', '/mcp', { 'mcp-session-id': session, connection: 'close' }));
    expect((await end()).status).toBe(200);
    expect((await end()).status).toBe(404);
    expect(await use(test, session)).toMatchObject(UNKNOWN);
  });

  it('names itself in every record of its calls', async () => {
    const test = await http();
    const session = await test.open();
    await use(test, session);
    expect(test.server.records()).toEqual([expect.objectContaining({ session_id: session })]);
  });

  it(`lives ${HTTP_SESSION_IDLE_SECONDS} idle seconds, and no longer`, async () => {
    const clock = fakeClock();
    const test = await http({ clock });
    const session = await test.open();
    clock.advance(HTTP_SESSION_IDLE_SECONDS * 1000);
    expect((await use(test, session)).status).toBe(200);
    clock.advance(HTTP_SESSION_IDLE_SECONDS * 1000 + 1);
    expect(await use(test, session)).toMatchObject(UNKNOWN);
  });

  it(`makes room for the one after the ${HTTP_SESSIONS_MAX}th when it was used least recently`, async () => {
    const test = await http();
    const [first, second] = [await test.open(), await test.open()];
    for (let count = 2; count < HTTP_SESSIONS_MAX; count += 1) await test.open();
    expect((await use(test, first)).status).toBe(200);
    await test.open();
    expect((await use(test, first)).status).toBe(200);
    expect(await use(test, second)).toMatchObject(UNKNOWN);
  });
});

describe('what a session has read', () => {
  const tainted = { decision: 'denied', reason: expect.stringMatching(/^approval_required/) };

  it('does not taint another session that runs already', async () => {
    const { open, call, server } = await http();
    const [reader, other] = [await open(), await open()];
    await call(reader, 'ingest_observation', TELEMETRY);
    const taint = taintWhenRefused(server);
    await call(other, 'no_such_tool');
    await call(reader, 'no_such_tool');
    expect([taint.get(reader), taint.get(other)]).toEqual([true, false]);
  });

  it('is not shed by opening a new session', async () => {
    const { open, call } = await http();
    await call(await open(), 'ingest_observation', TELEMETRY);
    expect(await call(await open(), 'run_action', { ...RUNBOOK, dry_run: false })).toMatchObject(tainted);
  });
});

describe('the ceiling a session consents to', () => {
  it.each([
    ['T0', 'consent_ceiling'],
    ['T1', 'consent_ceiling'],
    ['T2', 'preview'],
    ['T3', 'preview'],
    ['T9', 'consent_ceiling'],
    ['', 'consent_ceiling'],
    [2, 'consent_ceiling'],
    [['T3'], 'consent_ceiling'],
    [{ tier: 'T3' }, 'consent_ceiling'],
    [undefined, 'preview'],
  ])('is %j: a T2 action is answered %s', async (consentCeiling, reason) => {
    const { open, call } = await http();
    expect(await call(await open({ consentCeiling }), 'run_action', RUNBOOK)).toMatchObject({ reason });
  });

  it('is recorded when it refuses, and binds its own session alone', async () => {
    const { open, call, server } = await http();
    const [low, free] = [await open({ consentCeiling: 'T0' }), await open()];
    expect(await call(low, 'query_facts')).toMatchObject({ decision: 'allowed' });
    expect(await call(low, 'run_action', RUNBOOK)).toMatchObject({ reason: 'consent_ceiling' });
    expect(server.records().at(-1)).toMatchObject({ kind: 'refusal', reason: 'consent_ceiling' });
    expect(await call(free, 'run_action', RUNBOOK)).toMatchObject({ reason: 'preview' });
  });
});
