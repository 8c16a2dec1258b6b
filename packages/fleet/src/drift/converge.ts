import type { Tier } from '@praxis/core';
import type { InventoryHost } from '../inventory/host.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { groupRule, userRule } from './converge/account-rules.ts';
import { fileRule, inspectReportedPaths } from './converge/file-rules.ts';
import { packageRule } from './converge/package-rule.ts';
import { asRow, type ConvergenceRule, type Proposal } from './converge/proposal.ts';
import { portRule, serviceRule } from './converge/service-rules.ts';
import { shellQuote } from './converge/strict-names.ts';
import { sysctlRule } from './converge/sysctl-rule.ts';
import { CIS_CONTROLS } from './cis-baseline.ts';
import type { Finding } from './finding.ts';

/** One command that would undo a part of the drift. */
export interface ConvergenceAction {
  /** The command line, quoted for a POSIX shell, as `run_action` takes it. */
  readonly action: string;
  readonly argv: readonly string[];
  readonly rationale: string;
  /** Never below T2; the gate classifies the command itself and may say more. */
  readonly tier: Tier;
  readonly reversible: boolean;
  readonly undo: string | null;
}

/** A proposal for one finding. It does nothing by itself: each action goes through the gate. */
export interface ConvergencePlan {
  readonly finding: Finding;
  /** The inventory's name of the host, or null when the inventory knows none. */
  readonly target: string | null;
  readonly hostType: string | null;
  readonly adapter: 'ssh' | null;
  readonly actions: readonly ConvergenceAction[];
  /** What no command should decide. Never empty when `actions` is. */
  readonly needsPerson: readonly string[];
}

/** A plan's action as a request for the gate: named `converge`, dry run first. */
export interface ConvergenceRequest {
  readonly name: 'converge';
  readonly adapter: 'ssh';
  readonly host: string;
  readonly host_type: string;
  readonly action: string;
  readonly tier: Tier;
  readonly dry_run: true;
  readonly rationale: string;
}

/** How many actions one plan proposes. */
export const PLAN_ACTIONS_MAX = 50;

const RULES: Readonly<Record<string, ConvergenceRule>> = {
  users: userRule,
  groups: groupRule,
  packages: packageRule,
  deb_packages: packageRule,
  services: serviceRule,
  listening_ports: portRule,
  file_digests: fileRule,
  cron_files: fileRule,
  sysctl: sysctlRule,
};

/**
 * What would bring a finding's host back to its baseline. Names come from telemetry and are hostile:
 * only those of a strict character set get into a command, all others go to a person. Hosts the
 * inventory does not know, stale findings, whole tables that appeared or vanished, and everything
 * praxis has no rule for go to a person too.
 */
export function planConvergence(finding: Finding, inventory: Inventory): ConvergencePlan {
  const name = finding.subject.startsWith('host:') ? finding.subject.slice('host:'.length) : null;
  const host = name === null ? undefined : inventory.find(name);
  const obstacle = obstacleTo(finding, host);
  const proposals: readonly Proposal[] =
    obstacle === null ? proposalsFor(finding) : [{ needsPerson: obstacle }];
  const found = proposals.flatMap((proposal) => ('argv' in proposal ? [toAction(proposal)] : []));
  const notes = proposals.flatMap((proposal) => ('needsPerson' in proposal ? [proposal.needsPerson] : []));
  const localOnly = host !== undefined && isLocalOnly(host);
  if (localOnly)
    notes.push(...found.map(({ action }) => `put \`${action}\` into a runbook: this host takes no ssh`));
  const actions = localOnly ? [] : found;
  if (finding.detail.truncated) notes.push('the finding lists only a part of the differences');
  if (actions.length > PLAN_ACTIONS_MAX) notes.push(`only the first ${PLAN_ACTIONS_MAX} actions are shown`);
  if (actions.length === 0 && notes.length === 0) notes.push('no command is known for this difference');
  return {
    finding,
    target: host?.name ?? null,
    hostType: host?.hostType ?? null,
    adapter: actions.length > 0 ? 'ssh' : null,
    actions: actions.slice(0, PLAN_ACTIONS_MAX),
    needsPerson: [...new Set(notes)],
  };
}

/** A host that only this machine's own runbooks reach: the inventory gives it no way in over ssh. */
function isLocalOnly(host: InventoryHost): boolean {
  return (
    host.actuationPaths.includes('local') && host.ssh === undefined && host.routing.sshAlias === undefined
  );
}

/** The requests a plan stands for, one an action. Each is a dry run until a person approves it. */
export function convergenceRequests(plan: ConvergencePlan): readonly ConvergenceRequest[] {
  const { target, hostType, adapter } = plan;
  if (target === null || hostType === null || adapter === null) return [];
  return plan.actions.map(({ action, tier, rationale }) => ({
    name: 'converge',
    adapter,
    host: target,
    host_type: hostType,
    action,
    tier,
    dry_run: true,
    rationale,
  }));
}

function obstacleTo(finding: Finding, host: InventoryHost | undefined): string | null {
  const { predicate, kind } = finding;
  if (predicate.startsWith('cis:')) return cisAdvice(predicate);
  if (finding.subject.startsWith('tofu:'))
    return 'plan and apply the root again through the opentofu adapter';
  if (host === undefined) return 'the inventory does not know this host';
  if (host.hostType !== 'ubuntu') return `no commands are proposed for ${host.hostType} hosts`;
  if (finding.stale) return 'the observation is stale: collect again before changing anything';
  if (kind === 'missing') return 'nothing is observed any more: collect again before changing anything';
  if (kind === 'unexpected') return 'this was never blessed: bless it or look into it';
  return null;
}

function cisAdvice(predicate: string): string {
  const id = predicate.slice(predicate.lastIndexOf(':') + 1);
  const control = CIS_CONTROLS.find((item) => item.id === id);
  return control === undefined
    ? 'this control is not in the baseline'
    : `CIS ${control.cisRef ?? ''}: ${control.title} (wanted: ${control.wanted ?? ''}); patch the machine configuration`;
}

function proposalsFor(finding: Finding): readonly Proposal[] {
  const { predicate, detail } = finding;
  if (predicate === 'file_integrity') {
    return detail.changed
      .filter(({ key }) => key === 'added' || key === 'changed')
      .flatMap(({ before, after }) => inspectReportedPaths(before, after));
  }
  const rule = Object.hasOwn(RULES, predicate) ? RULES[predicate] : undefined;
  if (rule === undefined) return [];
  return [
    ...detail.added.flatMap((row) => rule.added?.(asRow(row)) ?? []),
    ...detail.removed.flatMap((row) => rule.removed?.(asRow(row)) ?? []),
    ...detail.changed.flatMap(({ before, after }) => rule.changed?.(asRow(before), asRow(after)) ?? []),
  ];
}

function toAction(proposal: Extract<Proposal, { argv: readonly string[] }>): ConvergenceAction {
  return {
    action: proposal.argv.map(shellQuote).join(' '),
    argv: proposal.argv,
    rationale: proposal.rationale,
    tier: 'T2',
    reversible: proposal.reversible,
    undo: proposal.undo === undefined ? null : proposal.undo.map(shellQuote).join(' '),
  };
}
