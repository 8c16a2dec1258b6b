import { PraxisError, sha256Hex } from '@praxis/core';
import { verifyLedger } from '@praxis/ledger';
import { describe, expect, it } from 'vitest';
import { OUTPUT_PREVIEW_BYTES_MAX, READ_OUTPUT_BYTES_MAX } from '../src/index.ts';
import { aContext, aGate, anAction, aRead, previewed } from './a-gate.ts';

const REVERSIBLE = 'mkdir /tmp/praxis-test';
const SECRET = 'ghp_16C7e42F292c6912E7710c838347Ae178B4a';

describe('an action with effects', () => {
  it('has a durable intent before it starts and one outcome after', async () => {
    const test = await aGate();
    let before: unknown[] = [];
    const execute = (): Promise<{ value: string; body: string }> => {
      before = test.records().map((record) => record['kind']);
      return Promise.resolve({ value: 'done', body: 'ran' });
    };
    const result = await test.gate.act(anAction({ command: REVERSIBLE, execute }), aContext(test));
    expect(before).toEqual(['intent']);
    const [intent, outcome, ...more] = test.records();
    expect(more).toEqual([]);
    expect(intent).toMatchObject({
      kind: 'intent',
      decision: 'allowed',
      dry_run: false,
      action_id: result.actionId,
    });
    expect(outcome).toMatchObject({
      kind: 'outcome',
      intent_seq: intent?.['seq'],
      seq: result.seq,
      decision: 'allowed',
    });
    expect(await verifyLedger(test.ledger.path)).toMatchObject({ ok: true });
  });

  it('leaves one record for a preview, one for a read, and runs neither', async () => {
    const test = await aGate();
    const context = aContext(test);
    const call = anAction({ dryRun: true });
    expect(await test.gate.act(call, context)).toMatchObject({
      decision: 'allowed',
      reason: 'preview',
      output: 'would run',
    });
    await test.gate.read(aRead(), context);
    expect(call.runs).toBe(0);
    expect(test.records().map((record) => record['kind'])).toEqual(['read', 'read']);
  });

  it('shows its approval token on the console alone', async () => {
    const test = await aGate();
    const context = aContext(test);
    const shown = await test.gate.act(anAction({ dryRun: true }), context);
    expect(test.console).toHaveLength(1);
    expect(test.console[0]).toMatch(
      /^praxis-approval \{"tool":"run_action","action_id":"[0-9a-f]{16}","target":"web1","tier":"T2","token":/,
    );
    const token = await previewed(test, context);
    expect(JSON.stringify(shown)).not.toContain(token);
    expect(test.text()).not.toContain(token);
  });

  it('binds the preview to the real run, whatever else is asked in between', async () => {
    const test = await aGate();
    const context = aContext(test);
    const preview = await test.gate.act(anAction({ dryRun: true }), context);
    const run = await test.gate.act(anAction(), context);
    expect(run.actionId).toBe(preview.actionId);
  });
});

describe('the stop', () => {
  it('ends an action in flight', async () => {
    const test = await aGate();
    const execute = (
      signal: AbortSignal,
    ): Promise<{ value: string; body: string; failure: { reason: 'stopped'; detail: string } }> =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () =>
          resolve({
            value: '',
            body: 'partial',
            failure: { reason: 'stopped', detail: 'the action was stopped' },
          }),
        );
        test.killSwitch.trip('now');
      });
    const result = await test.gate.act(anAction({ command: REVERSIBLE, execute }), aContext(test));
    expect(result).toMatchObject({ decision: 'error', reason: 'stopped', output: 'partial' });
    expect(test.records().at(-1)).toMatchObject({ kind: 'outcome', decision: 'error', reason: 'stopped' });
  });

  it('ends an action also when only its caller goes away', async () => {
    const test = await aGate();
    const caller = new AbortController();
    const execute = (signal: AbortSignal): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('gone')));
        caller.abort();
      });
    const context = aContext(test, { signal: caller.signal });
    expect(await test.gate.act(anAction({ command: REVERSIBLE, execute }), context)).toMatchObject({
      decision: 'error',
    });
    expect(test.killSwitch.tripped()).toBe(false);
  });
});

describe('what throws', () => {
  it.each([
    ['an error of ours', new PraxisError('SSH_BROKEN', 'the pipe broke'), 'execution_failed'],
    ['a foreign error', new TypeError(`no ${SECRET}`), 'internal_error'],
    ['a text', 'just a text', 'internal_error'],
    ['nothing', undefined, 'internal_error'],
  ])('becomes a value: %s', async (_what, thrown, reason) => {
    const test = await aGate();
    const call = anAction({ command: REVERSIBLE, execute: () => Promise.reject(thrown) });
    const result = await test.gate.act(call, aContext(test));
    expect(result).toMatchObject({ decision: 'error', reason, value: null });
    expect(JSON.stringify(result)).not.toContain(SECRET);
    expect(test.text()).not.toContain(SECRET);
    expect(test.records().at(-1)).toMatchObject({
      kind: 'outcome',
      decision: 'error',
      reason,
      error: { code: reason },
    });
  });

  it('becomes a value also in a preview and in a read', async () => {
    const test = await aGate();
    const context = aContext(test);
    const fails = (): Promise<never> => Promise.reject(new Error('no'));
    expect(await test.gate.act(anAction({ dryRun: true, preview: fails }), context)).toMatchObject({
      reason: 'internal_error',
      approvalId: null,
    });
    expect(await test.gate.read(aRead({ run: fails }), context)).toMatchObject({
      decision: 'error',
      reason: 'internal_error',
    });
    expect(test.approvals.list()).toEqual([]);
  });
});

describe('what the ledger keeps', () => {
  it('of an output is its digest and length, never its body', async () => {
    const test = await aGate();
    const body = 'a line that only this output holds\n'.repeat(100);
    const execute = (): Promise<{ value: string; body: string }> => Promise.resolve({ value: '', body });
    const result = await test.gate.act(anAction({ command: REVERSIBLE, execute }), aContext(test));
    expect(result.output).toBe(body);
    expect(test.text()).not.toContain('only this output holds');
    expect(test.records().at(-1)).toMatchObject({ output_sha256: sha256Hex(body), output_len: body.length });
  });

  it('of arguments is a redacted copy, with digest and length of the raw text', async () => {
    const test = await aGate();
    const args = { host: 'web1', action: 'uptime', password: 'hunter2hunter2', note: `use ${SECRET}` };
    const result = await test.gate.act(anAction({ command: 'uptime', args }), aContext(test));
    expect(result.redactedArgs).toMatchObject({ host: 'web1', password: '[REDACTED]' });
    for (const secret of ['hunter2hunter2', SECRET]) expect(test.text()).not.toContain(secret);
    const raw = JSON.stringify(args);
    expect(test.records().at(-1)).toMatchObject({ args_sha256: sha256Hex(raw), args_len: raw.length });
  });

  it('survives arguments that no JSON can hold', async () => {
    const test = await aGate();
    const context = aContext(test);
    for (const args of ['\ud800', { a: '\u2028\u2029\u0085' }, null, [], 7]) {
      expect(await test.gate.act(anAction({ command: 'uptime', args }), context)).toMatchObject({
        decision: 'allowed',
      });
    }
    expect(await verifyLedger(test.ledger.path)).toMatchObject({ ok: true });
  });
});

describe('what a caller sees of an output', () => {
  it('has no secrets in it', async () => {
    const test = await aGate();
    const execute = (): Promise<{ value: string; body: string }> =>
      Promise.resolve({ value: '', body: `token ${SECRET}\n` });
    const result = await test.gate.act(anAction({ command: REVERSIBLE, execute }), aContext(test));
    expect(result.output).not.toContain(SECRET);
    expect(result.outputSha256).toBe(sha256Hex(`token ${SECRET}\n`));
  });

  it.each([
    [OUTPUT_PREVIEW_BYTES_MAX, false],
    [OUTPUT_PREVIEW_BYTES_MAX + 1, true],
  ])('of %i bytes is cut: %s', async (lengthBytes, cut) => {
    const test = await aGate();
    const execute = (): Promise<{ value: string; body: string }> =>
      Promise.resolve({ value: '', body: 'x '.repeat(lengthBytes).slice(0, lengthBytes) });
    const result = await test.gate.act(anAction({ command: REVERSIBLE, execute }), aContext(test));
    expect(result.output?.includes(`bytes shown]`)).toBe(cut);
    expect(result.outputLengthBytes).toBe(lengthBytes);
  });

  it.each([4, 10, 20, 39])(
    'has no part of a secret that the cut would split after %i bytes',
    async (shownBytes) => {
      const test = await aGate();
      const body = `${' '.repeat(OUTPUT_PREVIEW_BYTES_MAX - shownBytes)}${SECRET}\n${'x\n'.repeat(9000)}`;
      const execute = (): Promise<{ value: string; body: string }> => Promise.resolve({ value: '', body });
      const result = await test.gate.act(anAction({ command: REVERSIBLE, execute }), aContext(test));
      expect(result.output).not.toContain(SECRET.slice(0, 4));
      expect(Buffer.byteLength(result.output ?? '')).toBeLessThan(OUTPUT_PREVIEW_BYTES_MAX + 100);
    },
  );

  it('keeps what is not UTF-8 as a completed action', async () => {
    const test = await aGate();
    const body = new Uint8Array([0x6f, 0x6b, 0xff, 0xfe]);
    const execute = (): Promise<{ value: string; body: Uint8Array }> => Promise.resolve({ value: '', body });
    const result = await test.gate.act(anAction({ command: REVERSIBLE, execute }), aContext(test));
    expect(result).toMatchObject({
      decision: 'allowed',
      output: 'ok\uFFFD\uFFFD',
      outputSha256: sha256Hex(body),
    });
  });

  it('keeps the diagnostics of a command that failed', async () => {
    const test = await aGate();
    const failure = { reason: 'execution_failed' as const, detail: 'the command ended with exit code 2' };
    const execute = (): Promise<{ value: string; body: string; failure: typeof failure }> =>
      Promise.resolve({ value: '', body: 'unit not found', failure });
    const result = await test.gate.act(anAction({ command: REVERSIBLE, execute }), aContext(test));
    expect(result).toMatchObject({ decision: 'error', reason: 'execution_failed', output: 'unit not found' });
  });
});

describe('a read', () => {
  it.each([
    [READ_OUTPUT_BYTES_MAX, 'allowed'],
    [READ_OUTPUT_BYTES_MAX + 1, 'output_too_large'],
  ])('of %i bytes is answered with %s: whole or not at all', async (lengthBytes, reason) => {
    const test = await aGate();
    const run = (): Promise<{ value: string; body: string }> =>
      Promise.resolve({ value: 'v', body: 'x'.repeat(lengthBytes) });
    const result = await test.gate.read(aRead({ run }), aContext(test));
    expect(result.reason).toBe(reason);
    expect(result.value).toBe(reason === 'allowed' ? 'v' : null);
    expect(test.records().at(-1)).toMatchObject({ kind: 'read', reason, output_len: lengthBytes });
  });
});

describe('every call', () => {
  it('names its tool and its target without the secrets that a caller put there', async () => {
    const test = await aGate();
    const context = aContext(test);
    const secret = 'ghp_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5';
    const refusal = { reason: 'host_unknown' as const, detail: `no host \`${secret}\`` };
    const asked = { args: { host: secret }, hostType: null, tier: 'T0' as const, refusal };
    await test.gate.refuse({ ...asked, tool: 'run_action', target: secret }, context);
    await test.gate.refuse({ ...asked, tool: secret, target: null }, context);
    await test.gate.read(aRead({ target: `host:${secret}` }), context);
    expect(test.records()).toHaveLength(3);
    expect(test.text()).not.toContain(secret);
  });

  it('names a host of the inventory as it is', async () => {
    const test = await aGate();
    const target = 'password=hunter2hunter2';
    await test.gate.act(anAction({ command: 'uptime', subject: { target } }), aContext(test));
    expect(test.records().at(-1)).toMatchObject({ target, host: target });
  });

  it('leaves a record with who, what, where, the mode and the rules', async () => {
    const test = await aGate();
    const context = aContext(test);
    await test.gate.act(anAction({ command: 'uptime' }), context);
    const refusal = { reason: 'invalid_arguments' as const, detail: 'host: invalid_type' };
    await test.gate.refuse(
      { tool: 'run_action', args: { host: 1 }, target: null, hostType: null, tier: 'T0', refusal },
      context,
    );
    for (const record of test.records()) {
      expect(record).toMatchObject({
        tool: 'run_action',
        principal: 'client:test',
        session_id: 's1',
        request_id: 'r1',
        mode: 'guarded',
        patterns_version: 'rules-1',
      });
      expect(record['decision_id']).toMatch(/^[0-9a-f-]{36}$/);
    }
    expect(test.records().at(-1)).toMatchObject({
      kind: 'refusal',
      reason: 'invalid_arguments',
      decision: 'denied',
    });
  });
});
