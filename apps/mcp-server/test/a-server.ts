import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adapters } from '@praxis/actuation';
import { type Clock, systemClock } from '@praxis/core';
import { type FactStore, openSqliteFactStore } from '@praxis/facts';
import { loadInventory } from '@praxis/fleet';
import {
  ApprovalStore,
  Gate,
  hashOperatorSecret,
  KillSwitch,
  OperatorVerifier,
  type PolicyInForce,
  type Session,
  Sessions,
} from '@praxis/gate';
import { Ledger } from '@praxis/ledger';
import { classify, RULESET_VERSION } from '@praxis/policy';
import { makeTempDir, type TempDir } from '@praxis/testkit';
import { onTestFinished } from 'vitest';
import { dispatch } from '../src/dispatch.ts';
import { allTools, type OperatorDeps, type Services } from '../src/index.ts';

/** The operator secret of these tests. */
export const SECRET = 'correct horse battery';

const INVENTORY = `hosts:
  - { name: web1, host_type: ubuntu, actuation_paths: [local] }
  - { name: cp1, host_type: talos, addressing: { lan_ip: 192.0.2.10 } }
`;

/** Derived once: it is slow on purpose. */
const stored = hashOperatorSecret(SECRET, 'anna');

/** What an agent was answered. */
export type Answer = Readonly<Record<string, unknown>> & { readonly isError: boolean };

/** Everything behind the transports, for real: ledger, store, gate, adapters, inventory. */
export interface TestServer {
  readonly dir: TempDir;
  readonly services: Services;
  readonly operator: OperatorDeps;
  readonly facts: FactStore;
  readonly ledgerPath: string;
  /** What the operator's console was shown. */
  readonly console: string[];
  /** Calls a tool as an agent; calls with one session share it. */
  call(name: string, args: unknown, session?: Session): Promise<Answer>;
  /** The ledger's records without its own, as they are in the file. */
  records(): Readonly<Record<string, unknown>>[];
  text(): string;
}

/** Everything goes away with the test. */
export async function aServer(
  options: { initialised?: boolean; clock?: Clock; policy?: PolicyInForce } = {},
): Promise<TestServer> {
  const dir = makeTempDir();
  const clock = options.clock ?? systemClock;
  const ledgerPath = join(dir.path, 'audit.jsonl');
  const ledger = await openLedger(ledgerPath);
  const facts = await openSqliteFactStore({ path: join(dir.path, 'facts.db'), clock });
  const killSwitch = new KillSwitch({ sentinelPath: join(dir.path, 'stop'), clock });
  const approvals = new ApprovalStore({ clock, ttlSeconds: 600 });
  const inventory = loadInventory(INVENTORY, 'inventory.yaml');
  const runbookRoot = join(dir.path, 'runbooks');
  mkdirSync(runbookRoot);
  const shown: string[] = [];
  onTestFinished(async () => {
    await facts.close();
    await ledger.close();
    dir.remove();
  });
  const gate = new Gate({
    audit: ledger,
    clock,
    mode: 'guarded',
    policy: options.policy ?? null,
    rulesetVersion: RULESET_VERSION,
    killSwitch,
    approvals,
    unrecordedReads: 'refuse',
    operatorConsole: (line) => shown.push(line),
    classify,
  });
  const services: Services = {
    gate,
    sessions: new Sessions({ actionsMax: null, wallSecondsMax: null }),
    facts,
    inventory,
    adapters: adapters({ inventory: () => inventory.hosts, runbookRoot }),
    killSwitch,
    clock,
    allowRestricted: true,
    log: (line) => shown.push(line),
  };
  const operator: OperatorDeps = {
    audit: ledger,
    approvals,
    operator: new OperatorVerifier(options.initialised === false ? null : await stored, clock),
    killSwitch,
    facts,
    mode: 'guarded',
    rulesetVersion: RULESET_VERSION,
    rotateLedger: async () => String(await ledger.rotate()),
    status: () => ({ mode: 'guarded' }),
  };
  const tools = allTools(services);
  const session = services.sessions.open({ id: 's1', principal: 'client:test' });
  const text = (): string => readFileSync(ledgerPath, 'utf8');
  return {
    dir,
    services,
    operator,
    facts,
    ledgerPath,
    console: shown,
    text,
    call: async (name, args, caller = session) => {
      const { body, isError } = await dispatch(
        tools,
        services,
        { name, args },
        { session: caller, requestId: 'r1', traceId: null },
      );
      return { ...body, isError };
    },
    records: () => parse(text()).filter((record) => record['kind'] !== 'session'),
  };
}

/**
 * Which sessions were tainted, by id, when they were last refused something: no adapter has a floor below T2, so
 * the latch cannot be seen from outside yet.
 */
export function taintWhenRefused({ services }: TestServer): ReadonlyMap<string, boolean> {
  const seen = new Map<string, boolean>();
  const { gate } = services;
  const refuse = gate.refuse.bind(gate);
  gate.refuse = (call, context) => {
    seen.set(context.session.id, context.session.taint.tainted);
    return refuse(call, context);
  };
  return seen;
}

function openLedger(path: string): Promise<Ledger> {
  const session = {
    version: '0.0.0',
    buildDigest: 'b'.repeat(64),
    mode: 'guarded',
    configDigest: 'c'.repeat(64),
    auditRetentionDays: 0,
    evidenceRetentionDays: 0,
    operator: 'operator:test',
  };
  return Ledger.open({ path, clock: systemClock, durability: 'os', session });
}

function parse(text: string): Readonly<Record<string, unknown>>[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
