import { type CompiledRule, compilePolicy } from '../rules/compile.ts';
import type { Pattern } from '../rules/pattern.ts';
import { coversList } from '../rules/pattern-cover.ts';
import { resourceKind } from '../rules/resource-kind.ts';
import { DEAD_END } from '../rules/url-pattern.ts';
import type { PolicyDocument } from './policy-types.ts';

/** Kinds of finding, each with a stable code. */
export type LintCode =
  | 'shadowed_by_deny'
  | 'unreachable'
  | 'never_matches'
  | 'over_broad'
  | 'labels_on_deny'
  | 'duplicate_of';

/** Something in a policy that is valid and probably not meant. */
export interface LintFinding {
  readonly code: LintCode;
  readonly severity: 'error' | 'warning';
  readonly rule: string;
  readonly message: string;
}

/** Rules of a document above which pairs are no longer compared. */
export const PAIRWISE_RULES_MAX = 2000;

/**
 * Finds rules that cannot take effect (shadowed by a deny, unreachable behind an earlier allow, matching nothing) and rules
 * that allow more than they seem to. Expects a document that loads.
 */
export function lintPolicy(document: PolicyDocument): LintFinding[] {
  const { rules } = compilePolicy(document, { home: '/home/user', cwd: '/srv/agent' });
  const findings = rules.flatMap((rule) => [
    ...neverMatches(rule),
    ...overBroad(rule),
    ...labelsOnDeny(rule),
  ]);
  if (rules.length <= PAIRWISE_RULES_MAX) {
    for (const [index, rule] of rules.entries()) findings.push(...hiddenBy(rule, index, rules));
  }
  return findings;
}

function hiddenBy(rule: CompiledRule, index: number, rules: readonly CompiledRule[]): LintFinding[] {
  const { name, effect } = rule.rule;
  for (const [at, other] of rules.entries()) {
    if (other === rule || !isUnconditional(other) || !coversRule(other, rule)) continue;
    if (effect === 'allow' && other.rule.effect === 'deny') {
      return [
        finding(
          'shadowed_by_deny',
          'error',
          name,
          `everything it allows is denied by \`${other.rule.name}\``,
        ),
      ];
    }
    if (at < index && other.rule.effect === effect) {
      const code = coversRule(rule, other) ? 'duplicate_of' : 'unreachable';
      return [finding(code, 'warning', name, `\`${other.rule.name}\` already decides everything it matches`)];
    }
  }
  return [];
}

function isUnconditional(rule: CompiledRule): boolean {
  const { conditions, obligations, max_delegation_depth: depth } = rule.rule;
  return (
    (conditions ?? []).length === 0 &&
    obligations === undefined &&
    depth === undefined &&
    rule.requiredLabels.length === 0
  );
}

function coversRule(wide: CompiledRule, narrow: CompiledRule): boolean {
  return (
    coversList(wide.principals, narrow.principals) &&
    coversList(wide.actions, narrow.actions) &&
    coversList(wide.texts, narrow.texts)
  );
}

function neverMatches(rule: CompiledRule): LintFinding[] {
  const { name, effect, principals, actions, resources } = rule.rule;
  const severity = effect === 'deny' ? 'error' : 'warning';
  if (principals.length === 0 || actions.length === 0 || resources.length === 0) {
    return [finding('never_matches', severity, name, 'an empty list matches nothing')];
  }
  const findings: LintFinding[] = [];
  if (rule.actions.every(isFileAction)) {
    for (const pattern of rule.files) {
      const problem = unreachablePath(pattern.source);
      if (problem !== null)
        findings.push(finding('never_matches', severity, name, `\`${pattern.source}\`: ${problem}`));
    }
  }
  for (const test of rule.urls) {
    if (test.kind === 'url' && test.host.source.endsWith(DEAD_END)) {
      findings.push(
        finding(
          'never_matches',
          severity,
          name,
          'no host ends in a dot; end the pattern with `*/*` to match more host',
        ),
      );
    }
  }
  return findings;
}

/** Why no absolute normalised path matches the pattern, or null. */
function unreachablePath(source: string): string | null {
  if (!/^[/*?[\\]/.test(source)) return 'paths are absolute; begin with `/`, `~/`, `./` or `**/`';
  if (/\/\.{0,2}\//.test(source) || /\/\.{1,2}$/.test(source))
    return 'paths have no empty, `.` or `..` parts';
  return source.length > 1 && source.endsWith('/') ? 'paths do not end in a slash' : null;
}

function overBroad(rule: CompiledRule): LintFinding[] {
  if (rule.rule.effect !== 'allow') return [];
  const { name } = rule.rule;
  const findings: LintFinding[] = [];
  const isAnything = rule.texts.some((pattern) => pattern.shape === 'everything');
  if (isAnything && rule.actions.some((pattern) => pattern.shape === 'everything')) {
    findings.push(finding('over_broad', 'warning', name, 'it allows every action on everything'));
  } else if (isAnything && rule.actions.some(isShellAction)) {
    findings.push(finding('over_broad', 'warning', name, 'it allows every command'));
  }
  for (const pattern of rule.actions.some(isShellAction) ? rule.texts : []) {
    if (pattern.shape !== 'prefix' || !/[\w-]$/.test(pattern.literal)) continue;
    const hint = `\`${pattern.source}\` also allows longer command names; write \`${pattern.literal} *\``;
    findings.push(finding('over_broad', 'warning', name, hint));
  }
  for (const test of rule.actions.some(isConnection) ? rule.urls : []) {
    if (test.kind === 'url' || test.pattern.shape === 'everything') continue;
    const hint = `\`${test.pattern.source}\` names no scheme and may match any part of a URL; begin with \`https://\``;
    findings.push(finding('over_broad', 'warning', name, hint));
  }
  for (const test of rule.urls) {
    if (test.kind === 'text' || test.host.shape !== 'suffix' || test.host.literal.startsWith('.')) continue;
    findings.push(
      finding(
        'over_broad',
        'warning',
        name,
        `the host \`${test.host.source}\` also matches longer names; begin it with \`*.\``,
      ),
    );
  }
  return findings;
}

function labelsOnDeny(rule: CompiledRule): LintFinding[] {
  const isIdle = rule.rule.effect === 'deny' && (rule.rule.required_labels ?? []).length > 0;
  return isIdle
    ? [finding('labels_on_deny', 'warning', rule.rule.name, 'labels of a deny are ignored; use a condition')]
    : [];
}

function isFileAction(pattern: Pattern): boolean {
  return resourceKind(sampleAction(pattern), '') === 'file';
}

function isShellAction(pattern: Pattern): boolean {
  return resourceKind(sampleAction(pattern), '') === 'shell';
}

function isConnection(pattern: Pattern): boolean {
  return /^(?:https?|net|web)\.|^fetch$/.test(sampleAction(pattern));
}

/** An action the pattern may match: `fs.*` stands for `fs.x`. */
function sampleAction(pattern: Pattern): string {
  return pattern.source.replaceAll('*', 'x');
}

function finding(
  code: LintCode,
  severity: LintFinding['severity'],
  rule: string,
  message: string,
): LintFinding {
  return { code, severity, rule, message };
}
