import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inspectTools, type ToolInfo } from '@praxis/actuation';
import { errorCode, errorMessage, VERSION } from '@praxis/core';
import { readInventory } from '@praxis/fleet';
import { loadOperatorSecret } from '@praxis/gate';
import { verifyLedger } from '@praxis/ledger';
import { askServer, controlSocketPath, readConfig, type ServerConfig, serverRuns } from '@praxis/mcp-server';
import { RULESET_VERSION } from '@praxis/policy';
import type { Command } from 'commander';
import { z } from 'zod';
import { action, EXIT } from '../exit.ts';
import { policyVersion, readPolicyFile } from '../policy-in-force.ts';
import { operatorSecretPath } from '../runtime.ts';

/** How bad a finding is: only `fault` makes the doctor's answer a no. */
type Health = 'ok' | 'note' | 'fault';

interface Finding {
  readonly what: string;
  readonly health: Health;
  readonly says: string;
}

/** Tools whose output praxis reads; those that it starts are listed by the adapters. */
const TOOLS: readonly (readonly [string, string])[] = [
  ['ansible-playbook', 'read by the drift parser; no adapter yet'],
  ['tofu', 'read by the drift parser; no adapter yet'],
  ['terraform', 'read by the drift parser; no adapter yet'],
  ['talosctl', 'read by the talos collector; no adapter yet'],
  ['osqueryi', 'telemetry'],
  ['aide', 'telemetry'],
];

/** `praxis doctor`: what is installed, what is configured, what is wrong. */
export function registerDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .option('--json', 'as JSON')
    .description('say what is installed and configured, and what is wrong')
    .action(action(run));
}

async function run(options: { json?: boolean }): Promise<void> {
  const config = readConfig(process.env);
  const findings = [
    {
      what: 'praxis',
      health: 'ok',
      says: `${VERSION} on Node ${process.version}, rules ${RULESET_VERSION.slice(0, 12)}`,
    },
    ...configFindings(config),
    ...(await serverFindings(config)),
    await ledgerFinding(config),
    await inventoryFinding(config),
    await policyFinding(config),
    ...operatorFindings(config),
    ...(await inspectTools()).map(adapterFinding),
    ...TOOLS.map(([name, purpose]) => toolFinding(name, purpose)),
  ] satisfies Finding[];
  if (options.json) console.log(JSON.stringify({ ok: findings.every(isFine), findings }));
  else
    for (const finding of findings)
      console.log(`${finding.health.padEnd(5)}  ${finding.what.padEnd(18)} ${finding.says}`);
  process.exitCode = findings.every(isFine) ? EXIT.yes : EXIT.no;
}

function isFine(finding: Finding): boolean {
  return finding.health !== 'fault';
}

function configFindings(config: ServerConfig): Finding[] {
  const roots =
    config.runbookRoot === null ? 'PRAXIS_RUNBOOK_ROOT is not set: runbooks are refused' : config.runbookRoot;
  return [
    ...config.warnings.map((says): Finding => ({ what: 'environment', health: 'note', says })),
    { what: 'data directory', health: 'ok', says: config.dataDir },
    { what: 'mode', health: 'ok', says: config.mode },
    { what: 'transport', health: 'ok', says: config.transport },
    { what: 'store', health: 'ok', says: withoutPassword(config.storeDsn) },
    { what: 'runbook root', health: config.runbookRoot === null ? 'note' : 'ok', says: roots },
    existsSync(config.killSwitchPath)
      ? {
          what: 'kill switch',
          health: 'note',
          says: `stopped: ${config.killSwitchPath} exists; praxis resume lifts it`,
        }
      : {
          what: 'kill switch',
          health: 'ok',
          says: `not stopped; creating ${config.killSwitchPath} stops everything`,
        },
  ];
}

/** What a running server says of itself, as far as the doctor looks at it. */
const statusSchema = z.object({
  stopped: z.boolean(),
  ledger: z.object({
    writable: z.boolean(),
    failure: z.string().nullable(),
    evidence: z.object({ waiting: z.int(), lastFailure: z.string().nullable() }).nullable(),
    sinks: z.array(
      z.object({ name: z.string(), behind: z.int(), dropped: z.int(), lastFailure: z.string().nullable() }),
    ),
  }),
});

type Status = z.infer<typeof statusSchema>;

async function serverFindings(config: ServerConfig): Promise<Finding[]> {
  const what = 'server';
  const path = controlSocketPath(config.dataDir);
  if (!(await serverRuns(path))) return [{ what, health: 'ok', says: 'none is running' }];
  const { ledger } = statusSchema.parse(await askServer(path, { op: 'status' }));
  const running: Finding = ledger.writable
    ? { what, health: 'ok', says: 'a praxis is running on this data directory' }
    : { what, health: 'fault', says: `it runs and cannot write its ledger (${ledger.failure ?? 'closed'})` };
  return [running, ...evidenceFindings(ledger), ...ledger.sinks.map(sinkFinding)];
}

function evidenceFindings({ evidence }: Status['ledger']): Finding[] {
  if (evidence === null) return [];
  if (evidence.waiting === 0) {
    return evidence.lastFailure === null
      ? []
      : [{ what: 'evidence', health: 'note', says: `last failure: ${evidence.lastFailure}` }];
  }
  const says = `${evidence.waiting} stamps or cosignatures are still to be had (${evidence.lastFailure ?? 'not tried yet'})`;
  return [{ what: 'evidence', health: 'note', says }];
}

function sinkFinding({ name, behind, dropped, lastFailure }: Status['ledger']['sinks'][number]): Finding {
  if (behind === 0 && dropped === 0)
    return { what: 'copies', health: 'ok', says: `${name} has every record` };
  const why = lastFailure === null ? '' : ` (${lastFailure})`;
  return {
    what: 'copies',
    health: 'note',
    says: `${name} lacks ${behind} records, and ${dropped} for good${why}`,
  };
}

async function ledgerFinding(config: ServerConfig): Promise<Finding> {
  const what = 'ledger';
  if (!existsSync(config.audit.path))
    return { what, health: 'ok', says: `${config.audit.path} (not yet written)` };
  const report = await verifyLedger(config.audit.path);
  if (!report.ok) {
    const at =
      report.first_bad === null ? '' : `: ${report.first_bad.code} at byte ${report.first_bad.offset}`;
    return { what, health: 'fault', says: `${config.audit.path} is not whole${at}` };
  }
  const open = report.interrupted.filter(({ closed_by }) => closed_by === null).length;
  const running = (await serverRuns(controlSocketPath(config.dataDir))) ? open : 0;
  const lost = report.interrupted_count - running;
  const interrupted = lost === 0 ? '' : `; ${lost} interrupted: outcome unknown`;
  const going = running === 0 ? '' : `; ${running} running`;
  return {
    what,
    health: lost === 0 ? 'ok' : 'note',
    says: `${config.audit.path}: ${report.records} records, whole${interrupted}${going}`,
  };
}

async function inventoryFinding(config: ServerConfig): Promise<Finding> {
  const what = 'inventory';
  try {
    const { inventory, missing } = await readInventory(config.inventoryPath);
    if (missing)
      return { what, health: 'note', says: `${config.inventoryPath} is missing: every host is refused` };
    return { what, health: 'ok', says: `${config.inventoryPath}: ${inventory.size} hosts` };
  } catch (error) {
    return { what, health: 'fault', says: `${errorCode(error)}: ${errorMessage(error)}` };
  }
}

async function policyFinding(config: ServerConfig): Promise<Finding> {
  const what = 'policy';
  try {
    const document = await readPolicyFile(config.policy);
    if (document === null) {
      return { what, health: 'ok', says: 'no document: tiers, mode and deny list decide alone' };
    }
    const name = `${document.id ?? 'without id'}, revision ${document.revision ?? 'none'}`;
    const says = `${config.policy.path}: ${name}, ${document.rules.length} rules, ${policyVersion(document)}`;
    return { what, health: 'ok', says };
  } catch (error) {
    return { what, health: 'fault', says: `${errorCode(error)}: ${errorMessage(error)}` };
  }
}

/** Says plainly what an operator secret is for: an agent often runs as the operator's own user. */
function operatorFindings(config: ServerConfig): Finding[] {
  const shared =
    'An agent that runs as this same user can read this data directory, this console and the socket, and can change ' +
    'files behind a stopped server. Run praxis as a user of its own for a real wall.';
  const tokens: Finding = config.approvals.consoleTokens
    ? {
        what: 'console tokens',
        health: 'note',
        says: 'on: whoever reads the console can approve; PRAXIS_APPROVAL_TOKENS=off switches them off',
      }
    : { what: 'console tokens', health: 'ok', says: 'off: a grant needs the operator secret' };
  return [operatorFinding(config), tokens, { what: 'shared user', health: 'note', says: shared }];
}

function operatorFinding(config: ServerConfig): Finding {
  const what = 'operator';
  try {
    const stored = loadOperatorSecret(operatorSecretPath(config.dataDir));
    if (stored !== null) return { what, health: 'ok', says: `${stored.operator} is set` };
    return {
      what,
      health: 'note',
      says: 'no operator secret: praxis operator init; until then nothing can be granted',
    };
  } catch (error) {
    return { what, health: 'fault', says: `${errorCode(error)}: ${errorMessage(error)}` };
  }
}

function adapterFinding({ adapter, binary, path, version }: ToolInfo): Finding {
  const says = path === null ? 'not installed' : `${path} ${version ?? ''}`.trim();
  return { what: binary, health: path === null ? 'note' : 'ok', says: `${says} (adapter ${adapter})` };
}

function toolFinding(name: string, purpose: string): Finding {
  const path = findOnPath(name);
  return {
    what: name,
    health: path === null ? 'note' : 'ok',
    says: `${path ?? 'not installed'} (${purpose})`,
  };
}

function findOnPath(name: string): string | null {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: the next directory may have it.
      continue;
    }
  }
  return null;
}

function withoutPassword(dsn: string): string {
  return dsn.replace(/^(\w+:\/\/[^:@/]*):[^@]*@/, '$1:[REDACTED]@');
}
