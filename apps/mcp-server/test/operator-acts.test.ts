import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { operatorAct } from '../src/index.ts';
import { aServer, SECRET, type TestServer } from './a-server.ts';

/** Previews a runbook and answers the id of its approval. */
async function waiting(server: TestServer): Promise<string> {
  server.dir.write('runbooks/fix.sh', 'echo fixed\n');
  await server.call('run_action', { adapter: 'runbook', host: 'web1', action: 'fix.sh' });
  return server.operator.approvals.list()[0]?.id ?? '';
}

describe('approving and denying', () => {
  it.each(['approvals.approve', 'approvals.deny'] as const)(
    'needs the right operator secret: %s',
    async (op) => {
      const server = await aServer();
      const id = await waiting(server);
      await expect(operatorAct(server.operator, { op, id })).rejects.toMatchObject({
        code: 'OPERATOR_SECRET_REQUIRED',
      });
      await expect(operatorAct(server.operator, { op, id, secret: 'wrong one' })).rejects.toMatchObject({
        code: 'OPERATOR_SECRET_WRONG',
      });
      expect(server.operator.approvals.find(id).state).toBe('pending');
      await operatorAct(server.operator, { op, id, secret: SECRET });
      expect(server.operator.approvals.find(id)).toMatchObject({
        state: op === 'approvals.deny' ? 'denied' : 'granted',
        approver: 'operator:anna',
      });
      expect(server.records().slice(-3)).toEqual([
        expect.objectContaining({
          kind: 'control',
          tool: op,
          decision: 'denied',
          reason: 'operator_secret_required',
        }),
        expect.objectContaining({
          kind: 'control',
          tool: op,
          decision: 'denied',
          reason: 'operator_secret_wrong',
        }),
        expect.objectContaining({
          kind: 'control',
          tool: op,
          decision: 'allowed',
          principal: 'operator:anna',
          approval_id: id,
          target: 'web1',
        }),
      ]);
    },
  );

  it('is impossible before an operator was initialised', async () => {
    const server = await aServer({ initialised: false });
    const id = await waiting(server);
    for (const secret of [{}, { secret: '' }, { secret: SECRET }]) {
      await expect(
        operatorAct(server.operator, { op: 'approvals.approve', id, ...secret }),
      ).rejects.toMatchObject({
        code: 'OPERATOR_NOT_INITIALISED',
      });
    }
  });

  it('never writes the secret into the ledger', async () => {
    const server = await aServer();
    const id = await waiting(server);
    await operatorAct(server.operator, { op: 'approvals.approve', id, secret: SECRET });
    await expect(
      operatorAct(server.operator, { op: 'approvals.deny', id, secret: 'a wrong secret' }),
    ).rejects.toThrow();
    expect(server.text()).not.toContain(SECRET);
    expect(server.text()).not.toContain('a wrong secret');
  });
});

describe('an act that cannot be recorded', () => {
  function withoutLedger(server: TestServer): TestServer['operator'] {
    return { ...server.operator, audit: { append: () => Promise.reject(new Error('no ledger')) } };
  }

  it('grants nothing', async () => {
    const server = await aServer();
    const id = await waiting(server);
    const act = { op: 'approvals.approve', id, secret: SECRET } as const;
    await expect(operatorAct(withoutLedger(server), act)).rejects.toThrow('no ledger');
    const repeat = { adapter: 'runbook', host: 'web1', action: 'fix.sh', dry_run: false };
    expect(await server.call('run_action', repeat)).toMatchObject({ reason: 'approval_required' });
  });

  it('does not let work start again', async () => {
    const server = await aServer();
    server.services.killSwitch.trip('test');
    const act = { op: 'resume', reason: 'repaired', secret: SECRET } as const;
    await expect(operatorAct(withoutLedger(server), act)).rejects.toThrow('no ledger');
    expect(server.services.killSwitch.tripped()).toBe(true);
  });

  it('stops all the same', async () => {
    const server = await aServer();
    await expect(operatorAct(withoutLedger(server), { op: 'stop', reason: 'smoke' })).rejects.toThrow();
    expect(server.services.killSwitch.tripped()).toBe(true);
  });
});

describe('looking', () => {
  it('shows what will run and where, never a token, and leaves no record', async () => {
    const server = await aServer();
    const id = await waiting(server);
    const before = server.records().length;
    const [line = ''] = server.console;
    const { token } = JSON.parse(line.slice(line.indexOf('{'))) as { token: string };
    const shown = await operatorAct(server.operator, { op: 'approvals.show', id });
    expect(shown).toMatchObject({
      id,
      command: 'echo fixed\n',
      destination: 'local',
      target: 'web1',
      tier: 'T2',
    });
    const all = await operatorAct(server.operator, { op: 'approvals.list' });
    await operatorAct(server.operator, { op: 'status' });
    expect(JSON.stringify([shown, all])).not.toContain(token);
    expect(server.records()).toHaveLength(before);
  });
});

describe('stopping', () => {
  it('needs nothing but a reason', async () => {
    const server = await aServer();
    expect(await operatorAct(server.operator, { op: 'stop', reason: 'smoke' })).toEqual({ stopped: true });
    expect(server.services.killSwitch.tripped()).toBe(true);
    expect(server.records().at(-1)).toMatchObject({
      kind: 'control',
      tool: 'stop',
      decision: 'allowed',
      args: { reason: 'smoke' },
    });
  });
});

describe('resuming', () => {
  it('needs the operator secret', async () => {
    const server = await aServer();
    server.services.killSwitch.trip('test');
    await expect(operatorAct(server.operator, { op: 'resume', reason: 'x' })).rejects.toMatchObject({
      code: 'OPERATOR_SECRET_REQUIRED',
    });
    await expect(
      operatorAct(server.operator, { op: 'resume', reason: 'x', secret: 'wrong one' }),
    ).rejects.toMatchObject({
      code: 'OPERATOR_SECRET_WRONG',
    });
    expect(server.services.killSwitch.tripped()).toBe(true);
    await operatorAct(server.operator, { op: 'resume', reason: 'repaired', secret: SECRET });
    expect(server.services.killSwitch.tripped()).toBe(false);
    expect(server.records().map((record) => record['decision'])).toEqual(['denied', 'denied', 'allowed']);
  });
});

describe('blessing a baseline', () => {
  it.each([
    [true, { secret: SECRET }, 'operator:anna'],
    [false, {}, expect.stringMatching(/^operator:./)],
  ])('is recorded as authenticated: %s', async (authenticated, secret, principal) => {
    const server = await aServer({ initialised: authenticated });
    await server.call('ingest_observation', { collector: 'probe', subject: 'host:web1', raw: 'A=1' });
    await operatorAct(server.operator, {
      op: 'baseline.bless',
      subject: 'host:web1',
      reason: 'known good',
      ...secret,
    });
    expect(server.records().at(-1)).toMatchObject({
      kind: 'control',
      tool: 'baseline.bless',
      decision: 'allowed',
      target: 'host:web1',
      principal,
      args: { authenticated, reason: 'known good' },
    });
    const { facts } = await server.facts.query({ subject: 'host:web1', factType: 'known_good' });
    expect(facts).toEqual([
      expect.objectContaining({ actor: principal, reason: expect.stringContaining('known good') }),
    ]);
  });
});

describe('what extends trust', () => {
  it.each([
    { op: 'resume', reason: 'x' },
    { op: 'baseline.bless', subject: 'host:web1', reason: 'x' },
    { op: 'audit.rotate', what: 'key' },
  ] as const)('needs the secret once one is set, and is recorded when it is refused: %j', async (act) => {
    const server = await aServer();
    await server.call('ingest_observation', { collector: 'probe', subject: 'host:web1', raw: 'A=1' });
    await expect(operatorAct(server.operator, act)).rejects.toMatchObject({
      code: 'OPERATOR_SECRET_REQUIRED',
    });
    await expect(operatorAct(server.operator, { ...act, secret: 'wrong one' })).rejects.toMatchObject({
      code: 'OPERATOR_SECRET_WRONG',
    });
    expect(server.records().slice(-2)).toEqual([
      expect.objectContaining({ tool: act.op, decision: 'denied', reason: 'operator_secret_required' }),
      expect.objectContaining({ tool: act.op, decision: 'denied', reason: 'operator_secret_wrong' }),
    ]);
    expect((await server.facts.query({ factType: 'known_good' })).facts).toEqual([]);
    await operatorAct(server.operator, { ...act, secret: SECRET });
  });
});

describe('rotating the ledger', () => {
  it.each(['segment', 'key'] as const)('is recorded in the new segment: %s', async (what) => {
    const server = await aServer({ initialised: false });
    const segment = await operatorAct(server.operator, { op: 'audit.rotate', what });
    const lines = readFileSync(String(segment), 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      kind: 'control',
      tool: 'audit.rotate',
      decision: 'allowed',
      args: { what, authenticated: false },
    });
  });
});
