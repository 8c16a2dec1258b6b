export { MODE_CEILING, MODE_DEFAULT, MODES, type Mode, modeAllows, parseMode } from './mode.ts';
export { type Classification, classify, type ClassifyOptions, type ShellKind } from './shell/classify.ts';
export { RULESET_VERSION } from './shell/ruleset-version.ts';
export type { OperatorDenyRule } from './shell/operator-match.ts';
export type { ClassificationReason, ClassifiedNode } from './shell/verdict.ts';
export { type DecisionChange, diffPolicies, type PolicyDiff } from './document/diff.ts';
export { formatPolicy, orderPolicy } from './document/format.ts';
export { type ForeignShape, foreignShape, type ImportedPolicy, importPolicy } from './document/import.ts';
export { type LintCode, type LintFinding, lintPolicy } from './document/lint.ts';
export {
  loadPolicy,
  parsePolicy,
  parsePolicyData,
  type PolicyFault,
  policyFaults,
  readPolicyText,
} from './document/load.ts';
export type { PolicyDocument, PolicyRequest, PolicyRule, PolicyTest } from './document/policy-types.ts';
export { type PolicyTestReport, type PolicyTestResult, runPolicyTests } from './document/run-tests.ts';
export { policyDocumentSchema, policyRequestSchema } from './document/schema.ts';
export {
  generatePolicyKey,
  type PolicyKeyPair,
  type PolicyTrust,
  type SignedPolicy,
  signPolicy,
  verifySignedPolicy,
} from './document/sign.ts';
export { explainDecision, type PolicyExplanation, type RuleExplanation } from './rules/explain.ts';
export { SlidingRateMeter } from './rules/sliding-rate-meter.ts';
export { ActivePolicy, type VersionedDecision } from './rules/active-policy.ts';
export { classifiedDenyList } from './rules/classified-deny-list.ts';
export type { RateMeter } from './rules/conditions.ts';
export type { PolicyErrorCode } from './rules/errors.ts';
export {
  buildOpaqueEngine,
  type OpaqueDecision,
  type OpaqueRequest,
  type OpaqueRule,
} from './rules/opaque-engine.ts';
export {
  type DecideOptions,
  type Obligation,
  type PolicyDecision,
  PolicyEngine,
  type PolicyEngineOptions,
  type PolicyReason,
  type ShellDenyList,
} from './rules/policy-engine.ts';
export type {
  Assignment as ShellAssignment,
  Node as ShellNode,
  ParsedShell,
  Redirection as ShellRedirection,
  Script as ShellScript,
  SimpleCommand as ShellSimpleCommand,
  SyntaxFault as ShellSyntaxFault,
  Word as ShellWord,
  WordPart as ShellWordPart,
} from './shell/ast.ts';
export { type ClassifiedLine, classifyTree } from './shell/classified-tree.ts';
export { DENY_CODES, type DenyCode } from './shell/deny-list.ts';
export type { ShellTableErrorCode } from './shell/errors.ts';
export { parseShell } from './shell/parse.ts';
export { parseOperatorDenyRules, rulesetVersionWith } from './shell/operator-deny.ts';
