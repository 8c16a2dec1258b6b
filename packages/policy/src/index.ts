export { MODE_CEILING, MODE_DEFAULT, MODES, type Mode, modeAllows, parseMode } from './mode.ts';
export { type Classification, classify, type ClassifyOptions, type ShellKind } from './shell/classify.ts';
export { RULESET_VERSION } from './shell/ruleset-version.ts';
export type { OperatorDenyRule } from './shell/shell-context.ts';
export type { ClassificationReason, ClassifiedNode } from './shell/verdict.ts';
