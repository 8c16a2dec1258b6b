import { userInfo } from 'node:os';
import { join } from 'node:path';
import { adapters } from '@praxis/actuation';
import { type Clock, PraxisError, systemClock, VERSION } from '@praxis/core';
import { type FactStore, openFactStore } from '@praxis/facts';
import { readInventory } from '@praxis/fleet';
import {
  ApprovalStore,
  Gate,
  KillSwitch,
  loadOperatorSecret,
  OperatorVerifier,
  RecordKeeper,
  type Session,
  Sessions,
} from '@praxis/gate';
import { Ledger, type Sink, type Voucher } from '@praxis/ledger';
import { configDigest, type OperatorDeps, type ServerConfig, type Services } from '@praxis/mcp-server';
import { classify, RULESET_VERSION, rulesetVersionWith } from '@praxis/policy';
import { lockDataDir, openDataDir } from '@praxis/storage';
import { buildDigest } from './build-digest.ts';
import { readDenyRules } from './deny-rules.ts';
import { policyInForce, readPolicyFile } from './policy-in-force.ts';
import { kindsPolicyOf } from './fact-kinds.ts';
import { keepSealing } from './seal-facts.ts';
import { sinksOf } from './sinks.ts';
import { vouchersOf } from './vouchers.ts';

/** Everything of one praxis process, put together. */
export interface Runtime {
  readonly config: ServerConfig;
  readonly ledger: Ledger;
  readonly facts: FactStore;
  readonly services: Services;
  readonly operator: OperatorDeps;
  /**
   * Whoever speaks MCP over standard input and output on this machine: one caller, however many clients. What
   * one of them has read taints them all, so that an agent cannot shed its taint by starting a second client.
   */
  readonly stdioCaller: Session;
  /** What a person should know about the state things are in at start. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

/** What a process does with what its runtime has to say. */
export interface RuntimeOptions {
  /** Where a person is told things: standard error. */
  readonly log: (line: string) => void;
  /** Whether standard output is neither an MCP channel nor something a person reads. */
  readonly stdoutIsFree?: boolean;
  /** What a status request says besides what the runtime knows itself. */
  readonly status?: () => Readonly<Record<string, unknown>>;
}

/** The file in the data directory that holds the operator secret's hash. */
export function operatorSecretPath(dataDir: string): string {
  return join(dataDir, 'operator.json');
}

/**
 * Takes the data directory and opens everything in it. The one place where all parts meet. Throws
 * `DATA_DIR_LOCKED` when another praxis holds the directory, and what the parts throw: praxis never
 * runs without its ledger.
 */
export async function openRuntime(config: ServerConfig, options: RuntimeOptions): Promise<Runtime> {
  const cleanups: (() => void | Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  try {
    return await open(config, options, cleanups, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function open(
  config: ServerConfig,
  options: RuntimeOptions,
  cleanups: (() => void | Promise<void>)[],
  close: () => Promise<void>,
): Promise<Runtime> {
  const clock: Clock = systemClock;
  const copies = { vouchers: vouchersOf(config), sinks: sinksOf(config, options.stdoutIsFree ?? false) };
  const lock = lockDataDir(openDataDir(config.dataDir));
  cleanups.push(() => lock.release());
  const deny = readDenyRules(config.denyRules);
  const rulesetVersion = rulesetVersionWith(RULESET_VERSION, deny);
  const document = await readPolicyFile(config.policy);
  const policy = document === null ? null : policyInForce(document, { clock, deny, log: options.log });
  const { inventory, missing } = await readInventory(config.inventoryPath);
  const verifier = new OperatorVerifier(loadOperatorSecret(operatorSecretPath(config.dataDir)), clock);
  const ledger = await openLedger(config, clock, copies);
  cleanups.push(() => ledger.close());
  const kinds = kindsPolicyOf(config.factKinds, options.log);
  const facts = await openFactStore({ dsn: config.storeDsn, clock, kinds });
  cleanups.push(() => facts.close());
  const sealing = keepSealing(facts, ledger, options.log);
  cleanups.push(() => sealing.stop());
  const killSwitch = new KillSwitch({ sentinelPath: config.killSwitchPath, clock });
  killSwitch.watch();
  cleanups.push(() => killSwitch.close());
  const approvals = new ApprovalStore({ clock, ttlSeconds: config.approvals.ttlSeconds });
  const gate = new Gate({
    audit: ledger,
    clock,
    mode: config.mode,
    policy,
    rulesetVersion,
    killSwitch,
    approvals,
    unrecordedReads: config.audit.unrecordedReads,
    operatorConsole: config.approvals.consoleTokens ? options.log : null,
    classify: (command, { shell }) => classify(command, { shell, deny }),
  });
  const services: Services = {
    gate,
    sessions: new Sessions(config.budget),
    facts,
    inventory,
    adapters: adapters({ inventory: () => inventory.hosts, runbookRoot: config.runbookRoot ?? undefined }),
    killSwitch,
    clock,
    allowRestricted: config.allowRestricted,
    log: options.log,
  };
  const operator: OperatorDeps = {
    audit: new RecordKeeper(ledger),
    approvals,
    operator: verifier,
    killSwitch,
    facts,
    mode: config.mode,
    rulesetVersion,
    rotateLedger: (what) => rotate(ledger, what),
    status: () => ({
      ...statusOf(config, ledger, killSwitch),
      policy: policy?.version ?? null,
      hosts: inventory.size,
      ...options.status?.(),
    }),
  };
  const stdioCaller = services.sessions.open({ id: 'stdio', principal: 'client:stdio' });
  const warnings = warningsOf(config, { missing, stopped: killSwitch.tripped(), ledger });
  return { config, ledger, facts, services, operator, stdioCaller, warnings, close };
}

function statusOf(config: ServerConfig, ledger: Ledger, killSwitch: KillSwitch): Record<string, unknown> {
  const stopped = killSwitch.tripped();
  return { version: VERSION, pid: process.pid, mode: config.mode, stopped, ledger: ledger.status };
}

function warningsOf(
  config: ServerConfig,
  state: { readonly missing: boolean; readonly stopped: boolean; readonly ledger: Ledger },
): readonly string[] {
  const fault = state.ledger.status.evidence?.lastFailure ?? null;
  return [
    ...(state.missing ? [`there is no inventory at ${config.inventoryPath}: every host is refused`] : []),
    ...(state.stopped
      ? [`everything is stopped (${config.killSwitchPath}); praxis resume lets work start again`]
      : []),
    ...(fault === null ? [] : [`the evidence of the ledger is incomplete: ${fault}`]),
  ];
}

/** Answers the path of the new segment, or the new key that verifies checkpoints. */
async function rotate(ledger: Ledger, what: 'segment' | 'key'): Promise<string> {
  if (what === 'key') return ledger.rotateKey();
  const segment = await ledger.rotate();
  if (segment === null) throw new PraxisError('LEDGER_BUSY', 'too many actions are running: try again');
  return segment;
}

const MS_PER_SECOND = 1_000;
const MS_PER_DAY = 86_400_000;
/** The longest time that a timer can be set for, in milliseconds. */
const TIMER_MS_MAX = 2_147_483_647;

function openLedger(
  config: ServerConfig,
  clock: Clock,
  { vouchers, sinks }: { readonly vouchers: readonly Voucher[]; readonly sinks: readonly Sink[] },
): Promise<Ledger> {
  const { audit } = config;
  return Ledger.open({
    path: audit.path,
    clock,
    durability: audit.durability,
    segmentBytesMax: audit.segmentBytesMax,
    segmentAgeMsMax: audit.segmentDaysMax === 0 ? undefined : audit.segmentDaysMax * MS_PER_DAY,
    sinks,
    evidence: audit.evidenceEvery > 0 && {
      path: audit.evidencePath,
      everyRecords: audit.evidenceEvery,
      everyMs: Math.min(audit.evidenceSeconds * MS_PER_SECOND, TIMER_MS_MAX),
      anchorPath: audit.anchorPath ?? undefined,
      anchorOutage: audit.anchorOutage,
      vouchers,
    },
    session: {
      version: VERSION,
      buildDigest: buildDigest(),
      mode: config.mode,
      configDigest: configDigest(config),
      auditRetentionDays: config.audit.retentionDays,
      evidenceRetentionDays: config.audit.evidenceRetentionDays,
      operator: `operator:${userInfo().username}`,
    },
  });
}
