import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tier } from '@praxis/core';
import { Ledger } from '@praxis/ledger';
import { classify, type Mode } from '@praxis/policy';
import { type FakeClock, fakeClock, makeTempDir } from '@praxis/testkit';
import { onTestFinished } from 'vitest';
import {
  type ActCall,
  type ActionSubject,
  ApprovalStore,
  type BudgetLimits,
  type CallContext,
  type CallOutput,
  Gate,
  KillSwitch,
  type PolicyInForce,
  type ReadCall,
  type Session,
  Sessions,
} from '../src/index.ts';

/** A record as the ledger's file holds it. */
export type StoredLine = Readonly<Record<string, unknown>>;

/** A real gate on a real ledger in a scratch directory, with the real classifier. */
export interface TestGate {
  readonly gate: Gate;
  readonly ledger: Ledger;
  readonly approvals: ApprovalStore;
  readonly killSwitch: KillSwitch;
  readonly sessions: Sessions;
  readonly clock: FakeClock;
  /** What the operator's console was shown. */
  readonly console: string[];
  /** The ledger's records without its own, as they are in the file. */
  records(): StoredLine[];
  /** The file's text. */
  text(): string;
}

export interface TestGateOptions {
  readonly mode?: Mode;
  readonly budget?: BudgetLimits;
  readonly rulesetVersion?: string;
  /** Approvals of another gate, as if its rules had been changed under them. */
  readonly approvals?: ApprovalStore;
  readonly unrecordedReads?: 'refuse' | 'allow';
  readonly policy?: PolicyInForce;
}

const NO_CEILING: BudgetLimits = { actionsMax: null, wallSecondsMax: null };
const OWN_KINDS = new Set(['session', 'recovery', 'interrupted', 'segment']);
/** The approvals of these tests live this long. */
export const TTL_SECONDS = 600;

/** Everything goes away with the test. */
export async function aGate(options: TestGateOptions = {}): Promise<TestGate> {
  const dir = makeTempDir();
  const clock = fakeClock();
  const path = join(dir.path, 'audit.jsonl');
  const ledger = await openLedger(path, clock, options.mode ?? 'guarded');
  const killSwitch = new KillSwitch({ sentinelPath: join(dir.path, 'stop'), clock });
  const approvals = options.approvals ?? new ApprovalStore({ clock, ttlSeconds: TTL_SECONDS });
  const shown: string[] = [];
  onTestFinished(async () => {
    killSwitch.close();
    await ledger.close();
    dir.remove();
  });
  const gate = new Gate({
    audit: ledger,
    clock,
    mode: options.mode ?? 'guarded',
    policy: options.policy ?? null,
    rulesetVersion: options.rulesetVersion ?? 'rules-1',
    killSwitch,
    approvals,
    unrecordedReads: options.unrecordedReads ?? 'refuse',
    operatorConsole: (line) => shown.push(line),
    classify,
  });
  const text = (): string => readFileSync(path, 'utf8');
  const sessions = new Sessions(options.budget ?? NO_CEILING);
  return {
    gate,
    ledger,
    approvals,
    killSwitch,
    sessions,
    clock,
    console: shown,
    text,
    records: () => parse(text()),
  };
}

function openLedger(path: string, clock: FakeClock, mode: Mode): Promise<Ledger> {
  return Ledger.open({
    path,
    clock,
    durability: 'os',
    session: {
      version: '0.0.0',
      buildDigest: 'b'.repeat(64),
      mode,
      configDigest: 'c'.repeat(64),
      auditRetentionDays: 0,
      evidenceRetentionDays: 0,
      operator: 'operator:test',
    },
  });
}

function parse(text: string): StoredLine[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line) as StoredLine)
    .filter((line) => !OWN_KINDS.has(String(line['kind'])));
}

/** One caller's context; give it another session id for another session of the same caller. */
export function aContext(
  { sessions }: TestGate,
  options: { id?: string; principal?: string; consentCeiling?: Tier; signal?: AbortSignal } = {},
): CallContext & { readonly session: Session } {
  const session = sessions.open({
    id: options.id ?? 's1',
    principal: options.principal ?? 'client:test',
    consentCeiling: options.consentCeiling ?? null,
  });
  return {
    session,
    requestId: 'r1',
    traceId: null,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}

export interface TestAction {
  readonly command?: string;
  readonly dryRun?: boolean;
  readonly token?: string | null;
  readonly baseTier?: Tier;
  readonly subject?: Partial<ActionSubject>;
  readonly args?: unknown;
  readonly preconditions?: ActCall<string>['preconditions'];
  readonly execute?: (signal: AbortSignal) => Promise<CallOutput<string>>;
  readonly preview?: (signal: AbortSignal) => Promise<CallOutput<string>>;
}

/** An act call that counts its executions in `runs`. */
export function anAction(action: TestAction = {}): ActCall<string> & { runs: number } {
  const {
    command = 'systemctl restart nginx',
    dryRun = false,
    token = null,
    execute,
    preview,
    args,
  } = action;
  const call = {
    kind: 'act' as const,
    tool: 'run_action',
    args: args ?? {
      host: 'web1',
      action: command,
      dry_run: dryRun,
      ...(token === null ? {} : { approval_token: token }),
    },
    dryRun,
    approvalToken: token,
    baseTier: action.baseTier ?? 'T0',
    subject: {
      command,
      shell: 'bash' as const,
      adapter: 'ssh',
      target: 'web1',
      hostType: 'ubuntu',
      destination: 'root@192.0.2.5:22',
      contentDigest: null,
      preview: 'a preview',
      ...action.subject,
    },
    preconditions: action.preconditions ?? [],
    runs: 0,
    preview: preview ?? (() => Promise.resolve({ value: 'previewed', body: 'would run' })),
    execute: (signal: AbortSignal): Promise<CallOutput<string>> => {
      call.runs += 1;
      return execute?.(signal) ?? Promise.resolve({ value: 'done', body: 'ran' });
    },
  };
  return call;
}

/** A read call; what it answers is untrusted unless said otherwise. */
export function aRead(read: Partial<ReadCall<string>> = {}): ReadCall<string> {
  return {
    kind: 'read',
    tool: 'query_facts',
    args: { subject: 'host:web1' },
    target: 'host:web1',
    untrusted: true,
    run: () => Promise.resolve({ value: 'facts', body: 'facts' }),
    ...read,
  };
}

/** The token that the console was shown last. */
export function lastToken({ console: shown }: TestGate): string {
  const line = shown.at(-1) ?? '';
  const { token } = JSON.parse(line.slice(line.indexOf('{'))) as { token: string };
  return token;
}

/** Previews an action and answers the token that an operator would read. */
export async function previewed(
  test: TestGate,
  context: CallContext,
  action: TestAction = {},
): Promise<string> {
  await test.gate.act(anAction({ ...action, dryRun: true }), context);
  return lastToken(test);
}
