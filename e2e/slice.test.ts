import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { freePort, sshdAvailable } from '@praxis/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type Connected,
  connectHttp,
  connectStdio,
  type HttpServer,
  praxis,
  startHttp,
} from './support/praxis.ts';
import { makeWorld, OPERATOR_SECRET, type World } from './support/world.ts';

const HTTP_TOKEN = 'e2e-token-e2e-token-e2e-token';
const SUBJECT = 'host:web1';

interface LedgerLine {
  readonly seq: number;
  readonly kind: string;
  readonly decision: string;
  readonly reason: string;
  readonly tool: string;
  readonly intent_seq: number | null;
}

/** The two transports of the same server. */
const TRANSPORTS = [
  ['stdio', (world: World) => connectStdio(world.env).then((connected) => ({ connected, server: null }))],
  [
    'http',
    async (world: World) => {
      const env = {
        ...world.env,
        PRAXIS_TRANSPORT: 'http',
        PRAXIS_HTTP_PORT: String(await freePort()),
        PRAXIS_HTTP_TOKEN: HTTP_TOKEN,
      };
      const server = await startHttp(['serve'], env, HTTP_TOKEN);
      return { connected: await connectHttp(server), server };
    },
  ],
] as const;

describe.skipIf(!sshdAvailable()).each(TRANSPORTS)('the slice over %s', (_name, start) => {
  let world: World;
  let agent: Connected;
  let server: HttpServer | null;

  beforeAll(async () => {
    world = await makeWorld();
    ({ connected: agent, server } = await start(world));
  });
  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const ledger = (): LedgerLine[] =>
    readFileSync(world.ledger, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as LedgerLine);
  /** The record whose number an answer carries. */
  const recordOf = (answer: Answer): LedgerLine | undefined => ledger()[Number(answer['seq'])];
  const ingest = async (): Promise<Answer> =>
    agent.call('ingest_observation', {
      collector: 'osquery',
      subject: SUBJECT,
      predicate: 'users',
      raw: await world.users(),
    });
  const operator = (...args: string[]): ReturnType<typeof praxis> =>
    praxis([...args, '--secret-fd', '3'], world.env, { secret: OPERATOR_SECRET });
  const run = (args: Record<string, unknown>): Promise<Answer> =>
    agent.call('run_action', { adapter: 'ssh', host: 'web1', ...args });
  const remove = (): string => `sed -i /^mallory:/d ${world.passwd}`;
  /** Adds the account again and lets praxis see it. */
  const addMallory = async (): Promise<void> => {
    appendFileSync(world.passwd, 'mallory:x:1001:1001::/home/mallory:/bin/bash\n');
    await ingest();
  };
  const findings = async (): Promise<
    { predicate: string; detail: { added: unknown[] }; plan: { calls: Record<string, unknown>[] } }[]
  > => (await agent.call('drift_scan', { subject: SUBJECT }))['findings'] as never;

  it('offers exactly its tools, with schemas for arguments and answers', async () => {
    const { tools } = await agent.client.listTools();
    expect(tools.map((tool) => tool.name).sort()).toEqual(
      [
        'diff_facts',
        'drift_scan',
        'emergency_stop',
        'fact_history',
        'ingest_observation',
        'nearest_facts',
        'query_facts',
        'run_action',
        'traverse_facts',
      ].sort(),
    );
    expect(tools.every((tool) => tool.outputSchema !== undefined && tool.annotations !== undefined)).toBe(
      true,
    );
    expect(tools.filter((tool) => tool.annotations?.destructiveHint).map((tool) => tool.name)).toEqual([
      'run_action',
    ]);
  });

  it('takes real telemetry in and finds no drift once an operator has blessed it', async () => {
    expect(await ingest()).toMatchObject({ decision: 'allowed', facts: 1, isError: false });
    const before = await agent.call('drift_scan', { subject: SUBJECT });
    expect(before).toMatchObject({ findings: [], without_baseline: [SUBJECT] });
    const blessed = await operator('baseline', 'bless', SUBJECT);
    expect(blessed.code).toBe(0);
    expect(ledger().at(-1)).toMatchObject({ kind: 'control', tool: 'baseline.bless', decision: 'allowed' });
    expect(await findings()).toEqual([]);
  });

  it('finds exactly the change somebody made, and proposes how to undo it', async () => {
    await addMallory();
    const found = await findings();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      predicate: 'users',
      severity: 'critical',
      detail: { added: [{ username: 'mallory' }] },
    });
    expect(found[0]?.plan.calls[0]).toMatchObject({ adapter: 'ssh', host: 'web1', dry_run: true });
  });

  it('previews without approval, and refuses to run without one', async () => {
    const preview = await run({ action: remove() });
    expect(preview).toMatchObject({
      decision: 'allowed',
      reason: 'preview',
      dry_run: true,
      tier: expect.stringMatching(/T[23]/),
      isError: false,
    });
    expect(recordOf(preview)).toMatchObject({ kind: 'read', reason: 'preview' });
    expect(agent.console.approvals.at(-1)).toMatchObject({
      tool: 'run_action',
      action_id: preview['action_id'],
      target: 'web1',
      ttl_s: 600,
    });
    expect(JSON.stringify(preview)).not.toContain(agent.console.tokenOf(preview['action_id']));
    const refused = await run({ action: remove(), dry_run: false });
    expect(refused).toMatchObject({ decision: 'denied', reason: 'approval_required', isError: true });
    expect(recordOf(refused)).toMatchObject({ kind: 'refusal', reason: 'approval_required' });
  });

  it('runs once over ssh after the operator granted it, and the drift is gone', async () => {
    const preview = await run({ action: remove() });
    const id = String(preview['action_id']);
    const noSecret = await praxis(['approvals', 'approve', id, '--confirm', 'web1'], world.env);
    expect(noSecret.code).toBe(1);
    const wrong = await praxis(
      ['approvals', 'approve', id, '--confirm', 'web1', '--secret-fd', '3'],
      world.env,
      { secret: 'wrong secret' },
    );
    expect(wrong.code).toBe(1);
    expect((await operator('approvals', 'approve', id, '--confirm', 'web1')).code).toBe(0);
    const ran = await run({ action: remove(), dry_run: false });
    expect(ran).toMatchObject({ decision: 'allowed', reason: 'allowed', exit_code: 0, isError: false });
    const outcome = recordOf(ran);
    expect(outcome).toMatchObject({ kind: 'outcome', approver: 'operator:anna' });
    expect(ledger()[outcome?.intent_seq ?? -1]).toMatchObject({ kind: 'intent', tool: 'run_action' });
    expect(readFileSync(world.passwd, 'utf8')).not.toContain('mallory');
    await ingest();
    expect(await findings()).toEqual([]);
    expect(await run({ action: remove(), dry_run: false })).toMatchObject({ reason: 'approval_required' });
  });

  it('runs as a runbook on this machine with a console token, once', async () => {
    await addMallory();
    const fix = { adapter: 'runbook', host: 'local1', action: 'remove-user.sh' };
    const preview = await agent.call('run_action', fix);
    const token = agent.console.tokenOf(preview['action_id']);
    const ran = await agent.call('run_action', { ...fix, dry_run: false, approval_token: token });
    expect(ran).toMatchObject({ decision: 'allowed', exit_code: 0, output: 'removed mallory\n' });
    expect(readFileSync(world.passwd, 'utf8')).not.toContain('mallory');
    const replayed = await agent.call('run_action', { ...fix, dry_run: false, approval_token: token });
    expect(replayed).toMatchObject({ decision: 'denied', reason: 'approval_used', isError: true });
    expect(recordOf(replayed)).toMatchObject({ kind: 'refusal', reason: 'approval_used' });
  });

  it('refuses a token for another target, another command, or one it never gave', async () => {
    const preview = await run({ action: 'touch /tmp/praxis-e2e' });
    const token = agent.console.tokenOf(preview['action_id']);
    const cases = [
      [{ host: 'local1', adapter: 'runbook', action: 'remove-user.sh' }, 'approval_other_target'],
      [{ action: 'touch /tmp/praxis-e2e-2' }, 'approval_other_action'],
      [{ action: 'touch /tmp/praxis-e2e', approval_token: 'never-given' }, 'approval_unknown'],
    ] as const;
    for (const [args, reason] of cases) {
      const answer = await run({ dry_run: false, approval_token: token, ...args });
      expect(answer).toMatchObject({ decision: 'denied', reason });
      expect(recordOf(answer)).toMatchObject({ kind: 'refusal', reason });
    }
  });

  it('refuses a runbook whose content was swapped after the approval', async () => {
    world.write('runbooks/swap.sh', 'echo harmless\n');
    const fix = { adapter: 'runbook', host: 'local1', action: 'swap.sh' };
    const preview = await agent.call('run_action', fix);
    world.write('runbooks/swap.sh', `echo swapped > ${world.path}/swapped\n`);
    const answer = await agent.call('run_action', {
      ...fix,
      dry_run: false,
      approval_token: agent.console.tokenOf(preview['action_id']),
    });
    expect(answer).toMatchObject({ decision: 'denied', reason: 'approval_other_action' });
  });

  it.each([
    ['a second target at T3', { host: 'web1,cp1', action: 'rm -rf /srv/cache' }, 'target_not_single'],
    ['a Talos host over ssh', { host: 'cp1', action: 'uptime' }, 'host_type_refused'],
    [
      'a Talos host under a false flag',
      { host: 'cp1', host_type: 'ubuntu', action: 'uptime' },
      'host_type_mismatch',
    ],
    ['an alias that is not the host’s', { ssh_alias: 'prod-db', action: 'uptime' }, 'destination_mismatch'],
    ['a host nobody listed', { host: 'unlisted', action: 'uptime' }, 'host_unknown'],
    ['a command on the deny list', { action: 'rm -rf / --no-preserve-root' }, 'deny_list'],
    [
      'a runbook outside its root',
      { adapter: 'runbook', host: 'local1', action: '../inventory.yaml' },
      'path_outside_root',
    ],
  ])('refuses %s, and records it', async (_what, args, reason) => {
    const answer = await run(args);
    expect(answer).toMatchObject({ decision: 'denied', reason, isError: true });
    expect(recordOf(answer)).toMatchObject({ kind: 'refusal', reason, decision: 'denied' });
  });

  it.each([
    ['an unknown tool', 'set_mode', { mode: 'open' }, 'unknown_tool'],
    ['an unknown field', 'query_facts', { subjects: 'host:web1' }, 'invalid_arguments'],
    [
      'a value of the wrong type',
      'run_action',
      { adapter: 'ssh', host: 'web1', action: 'ls', dry_run: 'false' },
      'invalid_arguments',
    ],
    [
      'a subject that is too long',
      'fact_history',
      { subject: `host:${'x'.repeat(512)}` },
      'invalid_arguments',
    ],
  ])('answers %s with a code, and records it', async (_what, tool, args, reason) => {
    const answer = await agent.call(tool, args);
    expect(answer).toMatchObject({ decision: 'denied', reason, isError: true });
    expect(recordOf(answer)).toMatchObject({ kind: 'refusal', reason, tool });
  });

  it('takes telemetry up to its bound and refuses one character more', async () => {
    const bound = 4 * 1024 * 1024;
    const raw = `note=${'x'.repeat(bound - 5)}`;
    const args = { collector: 'probe', subject: 'host:big', predicate: 'note' };
    expect(await agent.call('ingest_observation', { ...args, raw })).toMatchObject({
      decision: 'allowed',
      raw_len: bound,
    });
    expect(await agent.call('ingest_observation', { ...args, raw: `${raw}x` })).toMatchObject({
      reason: 'invalid_arguments',
    });
  });

  it('says what is wrong with broken telemetry, and stores nothing of it', async () => {
    const answer = await agent.call('ingest_observation', {
      collector: 'osquery',
      subject: 'host:broken',
      predicate: 'users',
      raw: '{"error":',
    });
    expect(answer).toMatchObject({ facts: 0, errors: [{ code: 'invalid_json' }], isError: true });
    expect((await agent.call('query_facts', { subject: 'host:broken' }))['facts']).toEqual([]);
  });

  it('keeps the history of what it was told, with actor and reason', async () => {
    const history = await agent.call('fact_history', { subject: SUBJECT, predicate: 'users' });
    const facts = history['facts'] as { actor: string; superseded_at: string | null }[];
    expect(facts.length).toBeGreaterThan(2);
    expect(facts.filter((fact) => fact.superseded_at === null).length).toBeLessThan(facts.length);
  });

  it('never writes a token, a secret or an output into the ledger', async () => {
    const text = readFileSync(world.ledger, 'utf8');
    expect(text).not.toContain(OPERATOR_SECRET);
    expect(text).not.toContain('removed mallory');
    for (const { token } of agent.console.approvals) expect(text).not.toContain(token);
  });

  it('refuses everything after emergency_stop, until a person resumes', async () => {
    expect(await agent.call('emergency_stop', { reason: 'e2e' })).toMatchObject({
      decision: 'allowed',
      stopped: true,
      durable: true,
    });
    for (const [tool, args] of [
      ['query_facts', {}],
      ['run_action', { adapter: 'ssh', host: 'web1', action: 'uptime' }],
      ['run_action', { adapter: 'ssh', host: 'unlisted', action: 'uptime' }],
    ] as const) {
      const answer = await agent.call(tool, args);
      expect(answer).toMatchObject({ decision: 'denied', reason: 'kill_switch' });
      expect(recordOf(answer)).toMatchObject({ kind: 'refusal', reason: 'kill_switch' });
    }
    expect((await praxis(['resume', '--reason', 'no secret'], world.env)).code).toBe(1);
    expect((await operator('resume', '--reason', 'e2e')).code).toBe(0);
    expect(await agent.call('query_facts', {})).toMatchObject({ decision: 'allowed' });
  });

  it('stops a running action in flight', async () => {
    const preview = await run({ action: 'sleep 60' });
    const running = run({
      action: 'sleep 60',
      dry_run: false,
      approval_token: agent.console.tokenOf(preview['action_id']),
    });
    while (ledger().at(-1)?.kind !== 'intent') await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await praxis(['stop', '--reason', 'e2e'], world.env)).code).toBe(0);
    expect(await running).toMatchObject({ decision: 'error', reason: 'stopped' });
    expect((await operator('resume', '--reason', 'e2e')).code).toBe(0);
  });

  it('proves it all: the ledger is whole, and one flipped byte anywhere is found where it is', async () => {
    const whole = await praxis(['audit', 'verify', world.ledger, '--json'], world.env);
    expect(whole.code).toBe(0);
    expect(JSON.parse(whole.stdout)).toMatchObject({ ok: true, first_bad: null });
    const bytes = readFileSync(world.ledger);
    for (const share of [0.1, 0.5, 0.9]) {
      const at = Math.floor(bytes.length * share);
      const forged = Buffer.from(bytes);
      forged[at] = (forged[at] ?? 0) ^ 1;
      const path = world.write('forged.jsonl', '');
      writeFileSync(path, forged);
      const lineStart = bytes.lastIndexOf(0x0a, at - 1) + 1;
      const broken = await praxis(['audit', 'verify', path, '--json'], world.env);
      expect(broken.code).toBe(1);
      expect(JSON.parse(broken.stdout)).toMatchObject({ ok: false, first_bad: { offset: lineStart } });
    }
  });
});

describe.skipIf(!sshdAvailable())('an approval that waited too long', () => {
  it('is refused as expired, and recorded', async () => {
    await using world = await makeWorld({ PRAXIS_APPROVAL_TTL_SECONDS: '1' });
    await using agent = await connectStdio(world.env);
    const action = { adapter: 'ssh', host: 'web1', action: 'touch /tmp/praxis-e2e' };
    const preview = await agent.call('run_action', action);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const late = await agent.call('run_action', {
      ...action,
      dry_run: false,
      approval_token: agent.console.tokenOf(preview['action_id']),
    });
    expect(late).toMatchObject({ decision: 'denied', reason: 'approval_expired' });
  });
});
