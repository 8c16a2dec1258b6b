import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { formatInstant, type Instant, parseInstant } from '@praxis/core';
import type { PutFact } from '@praxis/facts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aServer, type TestServer } from './a-server.ts';
import { anHttpServer, TOKEN } from './an-http-server.ts';

/** An instant of the day these tests look back on. */
function at(time: string): Instant {
  return parseInstant(`2026-01-05T${time}:00Z`);
}

function aPut(fields: Partial<PutFact>): PutFact {
  return {
    subject: 'host:db1',
    predicate: 'os',
    value: 'v1',
    validFrom: at('08:00'),
    actor: 'operator:anna',
    reason: 'seen',
    ...fields,
  };
}

type Call = (name: string, args?: Record<string, unknown>) => Promise<Record<string, unknown>>;

/** A server that knows some facts, and a real client that is connected to it. */
async function asked(facts: readonly PutFact[] = []): Promise<{ server: TestServer; call: Call }> {
  const server = await aServer();
  for (const fact of facts) await server.facts.put(fact);
  const http = await anHttpServer(server);
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const headers = { Authorization: `Bearer ${TOKEN}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(http.url), { requestInit: { headers } }));
  onTestFinished(() => client.close());
  // The client checks structured answers against the output schemas it has listed.
  await client.listTools();
  const call: Call = async (name, args = {}) => {
    const { structuredContent, isError } = await client.callTool({ name, arguments: args });
    return { ...(structuredContent as Record<string, unknown>), isError: isError === true };
  };
  return { server, call };
}

/** The instant at which something was recorded last. */
async function latest({ facts }: TestServer): Promise<string> {
  const { facts: all } = await facts.query({});
  return formatInstant(Math.max(...all.map((fact) => fact.recordedAt)));
}

const values = (answer: Record<string, unknown>): unknown[] =>
  (answer['facts'] as { value: unknown }[]).map((fact) => fact.value);

const INCIDENT: readonly PutFact[] = [
  aPut({ subject: 'storage:tank', predicate: 'health', value: 'healthy' }),
  aPut({ subject: 'host:db1', predicate: 'mounts', target: 'storage:tank', value: {} }),
  aPut({ subject: 'service:shop', predicate: 'depends_on', target: 'host:db1', value: {} }),
];

describe('query_facts', () => {
  it('answers as of both axes: what was believed then about then, and what is known now', async () => {
    const { server, call } = await asked(INCIDENT);
    const question = { subject: 'storage:tank', predicate: 'health', valid_at: formatInstant(at('14:00')) };
    const knew = await latest(server);
    await server.facts.put(
      aPut({
        subject: 'storage:tank',
        predicate: 'health',
        value: 'degraded',
        validFrom: at('11:00'),
        validTo: at('15:30'),
        reason: 'read in the log',
      }),
    );
    expect(values(await call('query_facts', question))).toEqual(['degraded']);
    expect(values(await call('query_facts', { ...question, recorded_at: knew }))).toEqual(['healthy']);
  });

  it('narrows by kind, predicate, words, values, ranges, and what became true since', async () => {
    const { call } = await asked([
      ...INCIDENT,
      aPut({ value: { version: 12, name: 'OpenSSH' }, predicate: 'ssh', validFrom: at('12:00') }),
    ]);
    const predicates = async (args: Record<string, unknown>): Promise<unknown> =>
      ((await call('query_facts', args))['facts'] as { predicate: string }[]).map((fact) => fact.predicate);
    expect(await predicates({ kind: 'host' })).toEqual(['mounts', 'ssh']);
    expect(await predicates({ text: 'openss*' })).toEqual(['ssh']);
    expect(await predicates({ where: [{ path: '/version', op: 'gte', value: 12 }] })).toEqual(['ssh']);
    expect(await predicates({ target: 'storage:tank' })).toEqual(['mounts']);
    expect(await predicates({ became_valid_since: '2026-01-05T12:00:00Z' })).toEqual(['ssh']);
    expect(
      await predicates({
        kind: 'host',
        valid_during: { from: '2026-01-05T08:00:00Z', to: '2026-01-05T09:00:00Z' },
      }),
    ).toEqual(['mounts']);
  });

  it('finds the stale, and pages through them while time goes on', async () => {
    const observedAt = at('09:00');
    const old = ['a', 'b', 'c'].map((name) => aPut({ subject: `host:${name}`, observedAt }));
    const { call } = await asked([...old, aPut({ subject: 'host:fresh' })]);
    const question = { not_observed_for_s: 3600, limit: 2 };
    const first = await call('query_facts', question);
    const second = await call('query_facts', { ...question, cursor: first['next'] });
    const subjects = [first, second].flatMap((page) => page['facts'] as { subject: string }[]);
    expect(subjects.map((fact) => fact.subject)).toEqual(['host:a', 'host:b', 'host:c']);
    expect(second['next']).toBeNull();
  });

  it.each([
    ['an instant without an offset', { valid_at: '2026-01-05T08:00:00' }],
    ['an instant that is a number', { recorded_at: 1 }],
    ['an empty range', { valid_during: { from: '2026-01-05T08:00:00Z', to: '2026-01-05T08:00:00Z' } }],
    ['an unknown operator', { where: [{ path: '', op: 'like', value: 'a' }] }],
    ['a condition without a value', { where: [{ path: '', op: 'eq' }] }],
    ['words that are none', { text: '***' }],
    ['a cursor of another question', { subject: 'host:a', cursor: 'AAAA' }],
    ['a limit past the bound', { limit: 1001 }],
    ['a fact type that is none', { fact_type: 'rumour' }],
  ])('refuses %s with a code, and records it', async (_what, args) => {
    const { server, call } = await asked(INCIDENT);
    expect(await call('query_facts', args)).toMatchObject({ reason: 'invalid_arguments', isError: true });
    expect(server.records().at(-1)).toMatchObject({ tool: 'query_facts', reason: 'invalid_arguments' });
  });
});

describe('fact_history', () => {
  it('tells who said and who superseded what, and why, on both axes', async () => {
    const { server, call } = await asked([aPut({})]);
    await server.facts.end({
      subject: 'host:db1',
      predicate: 'os',
      validFrom: at('10:00'),
      actor: 'operator:bob',
      reason: 'retired',
    });
    const answer = await call('fact_history', { subject: 'host:db1', predicate: 'os' });
    expect(answer['facts']).toMatchObject([
      {
        actor: 'operator:anna',
        superseded_actor: 'operator:bob',
        superseded_reason: 'retired',
        valid_to: null,
      },
      { actor: 'operator:anna', superseded_actor: null, valid_to: '2026-01-05T10:00:00.000000Z' },
    ]);
  });
});

describe('an argument that cannot be', () => {
  it.each([
    ['query_facts', { valid_at: '9999-12-31' }, 'valid_at'],
    ['query_facts', { recorded_at: '2255-06-05T23:47:34.740991Z' }, 'recorded_at'],
    [
      'query_facts',
      { valid_at: '2026-01-05', valid_during: { from: '2026-01-05', to: '2026-01-06' } },
      'valid_during',
    ],
    ['diff_facts', { from_valid_at: '2255-06-05T23:47:34.740991Z' }, 'from_valid_at'],
  ])('of %s is named as the caller wrote it: %j', async (tool, args, name) => {
    const { call } = await asked(INCIDENT);
    const answer = await call(tool, args);
    expect(answer).toMatchObject({ reason: 'invalid_arguments', isError: true });
    expect(JSON.stringify(answer)).toContain(name);
  });

  it('because it is too late is answered with the last instant there is', async () => {
    const { call } = await asked();
    expect(JSON.stringify(await call('query_facts', { valid_at: '9999-12-31' }))).toContain('2255-06-05');
  });
});

describe('diff_facts', () => {
  it('answers what changed on either axis, in pages', async () => {
    const { server, call } = await asked(INCIDENT);
    const knew = await latest(server);
    const end = { subject: 'service:shop', predicate: 'depends_on', valueKey: 'host:db1' };
    await server.facts.end({ ...end, validFrom: at('12:00'), actor: 'operator:bob', reason: 'moved' });
    await server.facts.put(aPut({ value: 'v2', validFrom: at('12:00') }));
    const world = { from_valid_at: '2026-01-05T11:00:00Z', limit: 1 };
    const first = await call('diff_facts', world);
    const second = await call('diff_facts', { ...world, cursor: first['next'] });
    expect([first, second].flatMap((page) => page['changes'])).toMatchObject([
      { change: 'added', before: null, after: { value: 'v2' } },
      { change: 'removed', before: { subject: 'service:shop' }, after: null },
    ]);
    expect((await call('diff_facts', { from_recorded_at: knew }))['changes']).toHaveLength(2);
    expect(
      await call('diff_facts', {
        from_recorded_at: knew,
        from_valid_at: '2026-01-05T11:00:00Z',
        to_valid_at: '2026-01-05T11:00:00Z',
      }),
    ).toMatchObject({ changes: [], withheld: 0, next: null });
  });
});

describe('traverse_facts', () => {
  it('answers impact, reachability and a shortest path, as of any instant', async () => {
    const { call } = await asked(INCIDENT);
    const impact = await call('traverse_facts', { from: 'storage:tank', direction: 'in' });
    expect(impact['reached']).toMatchObject([
      { subject: 'host:db1', depth: 1 },
      { subject: 'service:shop', depth: 2, path: [{ predicate: 'mounts' }, { predicate: 'depends_on' }] },
    ]);
    expect(await call('traverse_facts', { from: 'service:shop', direction: 'out', depth: 1 })).toMatchObject({
      reached: [{ subject: 'host:db1' }],
      truncated: true,
    });
    const path = { from: 'service:shop', direction: 'out', to: 'storage:tank' };
    expect((await call('traverse_facts', path))['path']).toMatchObject([
      { subject: 'service:shop', target: 'host:db1' },
      { subject: 'host:db1', target: 'storage:tank' },
    ]);
    expect(await call('traverse_facts', { ...path, relations: ['mounts'] })).toMatchObject({ path: null });
    const before = { from: 'storage:tank', direction: 'in', valid_at: '2026-01-05T07:59:59Z' };
    expect(await call('traverse_facts', before)).toMatchObject({ reached: [] });
  });

  it.each([
    { from: 'storage', direction: 'in' },
    { from: 'storage:tank' },
    { from: 'storage:tank', direction: 'in', depth: 65 },
    { from: 'storage:tank', direction: 'in', limit: 0 },
  ])('refuses %j', async (args) => {
    const { call } = await asked(INCIDENT);
    expect(await call('traverse_facts', args)).toMatchObject({ reason: 'invalid_arguments' });
  });
});

describe('nearest_facts', () => {
  it('ranks by cosine, as of any instant', async () => {
    const { server, call } = await asked();
    const a = await server.facts.put(aPut({ subject: 'host:a', value: 'a' }));
    const b = await server.facts.put(aPut({ subject: 'host:b', value: 'b' }));
    await server.facts.embed('m', [
      { contentHash: a.contentHash, vector: new Float32Array([1, 0]) },
      { contentHash: b.contentHash, vector: new Float32Array([0, 1]) },
    ]);
    const question = { model: 'm', vector: [1, 0.1] };
    const answer = await call('nearest_facts', question);
    expect(answer['nearest']).toMatchObject([
      { fact: { subject: 'host:a' } },
      { fact: { subject: 'host:b' } },
    ]);
    const past = { ...question, valid_at: '2026-01-05T07:00:00Z' };
    expect(await call('nearest_facts', past)).toMatchObject({ nearest: [] });
    expect(await call('nearest_facts', { ...question, vector: [0, 0] })).toMatchObject({
      reason: 'invalid_arguments',
    });
  });
});

describe('every tool that asks about facts', () => {
  const QUESTIONS: readonly [string, Record<string, unknown>][] = [
    ['query_facts', {}],
    ['query_facts', { text: 'hunter2' }],
    ['fact_history', { subject: 'vault:x' }],
    ['diff_facts', { from_valid_at: '2026-01-05T07:00:00Z' }],
    ['traverse_facts', { from: 'vault:x', direction: 'out' }],
    ['nearest_facts', { model: 'm', vector: [1] }],
  ];

  async function withSecret(allowRestricted: boolean): Promise<{ server: TestServer; call: Call }> {
    const { server, call } = await asked();
    const secret = aPut({ subject: 'vault:x', predicate: 'pin', target: 'host:safe', value: 'hunter2' });
    const { contentHash } = await server.facts.put(secret);
    await server.facts.embed('m', [{ contentHash, vector: new Float32Array([1]) }]);
    const rule = { subject: 'vault:*', classification: 'restricted' } as const;
    await server.facts.classify({ ...rule, actor: 'operator:anna', reason: 'secrets' });
    Object.assign(server.services, { allowRestricted });
    return { server, call };
  }

  it.each(QUESTIONS)('%s %j withholds restricted facts and says how many', async (tool, args) => {
    const { call } = await withSecret(false);
    const answer = await call(tool, args);
    expect(answer).toMatchObject({ decision: 'allowed', withheld: 1 });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it.each(QUESTIONS)('%s %j is one T0 record, and marks what it read as untrusted', async (tool, args) => {
    const { server } = await withSecret(true);
    const session = server.services.sessions.open({ id: 'other', principal: 'client:other' });
    const answer = await server.call(tool, args, session);
    expect(answer).toMatchObject({ decision: 'allowed', isError: false });
    expect(server.records()).toMatchObject([{ tool, tier: 'T0', kind: 'read', seq: answer['seq'] }]);
    expect(session.taint.tainted).toBe(true);
  });

  it('leaves secrets out of what machines reported', async () => {
    const { call } = await asked([aPut({ value: { password: 'hunter2' } })]);
    for (const [tool, args] of [
      ['query_facts', {}],
      ['fact_history', { subject: 'host:db1' }],
      ['diff_facts', { from_valid_at: '2026-01-05T07:00:00Z' }],
    ] as const) {
      const answer = await call(tool, args);
      expect(JSON.stringify(answer)).toContain('REDACTED');
      expect(JSON.stringify(answer)).not.toContain('hunter2');
    }
  });
});
