import { PraxisError } from '@praxis/core';
import type { PolicyDocument, PolicyRule } from '../document/policy-types.ts';
import { type CompiledCondition, compileCondition } from './conditions.ts';
import type { PolicyErrorCode } from './errors.ts';
import { compilePattern, escapePattern, isPatternFault, type Pattern } from './pattern.ts';
import { absolutePath, type PathEnvironment } from './path-resource.ts';
import { compileUrlTest, type UrlTest } from './url-pattern.ts';

/** A fault in a document: where in its structure, where in the text there, and why. */
export interface CompileFault {
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly offset: number;
  readonly message: string;
}

/** A rule with every pattern compiled, once for each kind of resource. */
export interface CompiledRule {
  readonly rule: PolicyRule;
  readonly principals: readonly Pattern[];
  readonly actions: readonly Pattern[];
  readonly texts: readonly Pattern[];
  readonly files: readonly Pattern[];
  readonly urls: readonly UrlTest[];
  readonly requiredLabels: readonly string[];
  readonly conditions: readonly CompiledCondition[];
}

/** A document ready to be indexed. */
export interface CompiledPolicy {
  readonly rules: readonly CompiledRule[];
  readonly faults: readonly CompileFault[];
  /** Some pattern begins with `~/` or `./`, so that files need patterns of their own. */
  readonly hasHomePatterns: boolean;
  /** Some pattern names a scheme, so that URLs need patterns of their own. */
  readonly hasUrlPatterns: boolean;
}

interface Compilation {
  readonly environment: PathEnvironment;
  readonly patterns: Map<string, Pattern>;
  readonly urls: Map<string, UrlTest>;
  readonly faults: CompileFault[];
}

/** Compiles every rule of a document, collecting all faults instead of stopping at the first. */
export function compilePolicy(document: PolicyDocument, environment: PathEnvironment): CompiledPolicy {
  const compilation: Compilation = { environment, patterns: new Map(), urls: new Map(), faults: [] };
  const rules = document.rules.map((rule, index) => compileRule(rule, index, compilation));
  const sources = document.rules.flatMap((rule) => rule.resources);
  return {
    rules,
    faults: compilation.faults,
    hasHomePatterns: sources.some((source) => source.startsWith('~/') || source.startsWith('./')),
    hasUrlPatterns: sources.some((source) => source.includes('://')),
  };
}

/** Throws `POLICY_INVALID` with the faults in `fields.faults` unless there are none. */
export function requireSound(policy: CompiledPolicy): void {
  const [first] = policy.faults;
  if (first === undefined) return;
  throw new PraxisError<PolicyErrorCode>('POLICY_INVALID', `${first.path.join('.')}: ${first.message}`, {
    fields: { faults: policy.faults },
  });
}

function compileRule(rule: PolicyRule, index: number, compilation: Compilation): CompiledRule {
  const list = (key: 'principals' | 'actions' | 'resources'): Pattern[] =>
    rule[key].flatMap((source, at) => compileOne(source, ['rules', index, key, at], compilation));
  return {
    rule,
    principals: list('principals'),
    actions: list('actions'),
    texts: list('resources'),
    files: rule.resources.flatMap((source) => filePattern(source, compilation)),
    urls: rule.resources.flatMap((source, at) =>
      urlTest(source, rule.effect, ['rules', index, 'resources', at], compilation),
    ),
    requiredLabels: rule.effect === 'allow' ? (rule.required_labels ?? []) : [],
    conditions: (rule.conditions ?? []).flatMap((condition, at) => {
      const compiled = compileCondition(condition, rule);
      if (typeof compiled === 'function') return [compiled];
      compilation.faults.push({ path: ['rules', index, 'conditions', at], ...compiled });
      return [];
    }),
  };
}

function compileOne(source: string, path: readonly (string | number)[], compilation: Compilation): Pattern[] {
  const known = compilation.patterns.get(source);
  if (known !== undefined) return [known];
  const pattern = compilePattern(source);
  if (isPatternFault(pattern)) {
    compilation.faults.push({ path, ...pattern });
    return [];
  }
  compilation.patterns.set(source, pattern);
  return [pattern];
}

/** The pattern over absolute paths. Its faults were already reported for the text. */
function filePattern(source: string, compilation: Compilation): Pattern[] {
  const { environment, patterns } = compilation;
  const isRelative = source.startsWith('./');
  if (!isRelative && !source.startsWith('~/')) return definedOnly(patterns.get(source));
  const key = `file\u0000${source}`;
  const known = patterns.get(key);
  if (known !== undefined) return [known];
  let base = absolutePath(isRelative ? '.' : '~', environment);
  let rest = source.slice(2);
  for (let match = /^(\.{0,2})\//.exec(rest); match !== null; match = /^(\.{0,2})\//.exec(rest)) {
    if (match[1] === '..') base = absolutePath(`${base}/..`, environment);
    rest = rest.slice(match[0].length);
  }
  const pattern = compilePattern(`${base === '/' ? '' : escapePattern(base)}/${rest}`);
  if (isPatternFault(pattern)) return [];
  patterns.set(key, pattern);
  return [pattern];
}

function definedOnly<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}

function urlTest(
  source: string,
  effect: 'allow' | 'deny',
  path: readonly (string | number)[],
  compilation: Compilation,
): UrlTest[] {
  const text = compilation.patterns.get(source);
  if (text === undefined) return [];
  const key = `${effect}\u0000${source}`;
  const known = compilation.urls.get(key);
  if (known !== undefined) return [known];
  const test = compileUrlTest(source, effect);
  if ('code' in test) {
    compilation.faults.push({ path, code: test.code, offset: 0, message: `as a URL: ${test.message}` });
    return [];
  }
  compilation.urls.set(key, test);
  return [test];
}
