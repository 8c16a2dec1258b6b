// Random policies, large and small, answered by the rule index and by a scan that only knows the definition.
import { systemClock } from '@praxis/core';
import { buildOpaqueEngine, type OpaqueDecision, type OpaqueRequest, type OpaqueRule } from '@praxis/policy';

const isFull = process.argv.includes('--full');
const TIME_MS = isFull ? 1_800_000 : 30_000;
const SIZES = [0, 1, 5, 31, 32, 33, 100, 400, 1500];
const REQUESTS = 120;

type Next = () => number;

function random(seed: number): Next {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const WORDS = [
  'a',
  'ab',
  'team',
  'team-red',
  'config',
  'config-old',
  '/',
  'x1',
  '.',
  ':',
  'é',
  '😀',
  'secret',
  'vault',
];
const WILD = ['*', '*', '?', '[a-c]', '[!a]', '\\*'];

function pick(values: readonly string[], next: Next): string {
  return values[Math.floor(next() * values.length)] ?? '';
}

function pattern(next: Next): string {
  if (next() < 0.2) return '*';
  let source = next() < 0.1 ? '**/' : '';
  let isStar = false;
  for (let left = 1 + Math.floor(next() * 5); left > 0; left -= 1) {
    const piece = next() < 0.3 ? pick(WILD, next) : pick(WORDS, next);
    if (piece === '*' && (isStar || source === '')) continue;
    isStar = piece === '*';
    source += piece;
  }
  return next() < 0.1 && !isStar ? `${source}/**` : source;
}

function value(next: Next): string {
  let text = '';
  for (let left = Math.floor(next() * 7); left > 0; left -= 1) text += pick(WORDS, next);
  return text;
}

function list<T>(next: Next, most: number, make: (next: Next) => T): T[] {
  return Array.from({ length: Math.floor(next() * (most + 1)) }, () => make(next));
}

function aRule(next: Next, at: number): OpaqueRule {
  const labels = next() < 0.3 ? list(next, 2, (n) => pick(['l1', 'l2', 'l3'], n)) : [];
  const patterns = (): string[] => [pattern(next), ...list(next, 1, pattern)];
  return {
    name: `r${at}`,
    effect: next() < 0.1 ? 'deny' : 'allow',
    principals: patterns(),
    actions: patterns(),
    resources: next() < 0.02 ? [] : patterns(),
    required_labels: [...new Set(labels)],
  };
}

/** The definition of the language as a regular expression: only fit for short, trusted input. */
function definition(source: string): RegExp {
  const body = source.replace(/\*\*\/|\*+|\?|\[!?[^\]]+\]|\\[^]|[^]/gu, (token) => {
    if (token === '**/') return '(?:[^]*/)?';
    if (token.startsWith('*')) return '[^]*';
    if (token === '?') return '[^]';
    if (token.startsWith('[')) return token.replace('[!', '[^');
    return (token.startsWith('\\') ? token.slice(1) : token).replace(/[.*+?^${}()|[\]\\/]/u, '\\$&');
  });
  return new RegExp(`^(?:${body})$`, 'u');
}

function scan(rules: readonly OpaqueRule[]): (request: OpaqueRequest) => OpaqueDecision {
  const compiled = rules.map((rule) => ({
    rule,
    lists: [rule.principals, rule.actions, rule.resources].map((sources) => sources.map(definition)),
  }));
  return (request) => {
    const values = [request.principal, request.action, request.resource];
    const matching = compiled
      .filter(({ lists }) =>
        lists.every((expressions, at) => expressions.some((one) => one.test(values[at] ?? ''))),
      )
      .map(({ rule }) => rule);
    const missing = (rule: OpaqueRule): string[] =>
      (rule.required_labels ?? []).filter((label) => !(request.labels ?? []).includes(label));
    const deny = matching.find((rule) => rule.effect === 'deny');
    if (deny !== undefined)
      return { allowed: false, reason: 'explicit_deny', rule: deny.name, missingLabels: [] };
    const held = matching.find((rule) => missing(rule).length === 0);
    if (held !== undefined) return { allowed: true, reason: 'allowed', rule: held.name, missingLabels: [] };
    const [failed] = matching;
    if (failed === undefined)
      return { allowed: false, reason: 'no_matching_policy', rule: null, missingLabels: [] };
    return { allowed: false, reason: 'missing_labels', rule: failed.name, missingLabels: missing(failed) };
  };
}

function runOne(seed: number, size: number, counts: Map<string, number>): boolean {
  const next = random(seed);
  const rules = Array.from({ length: size }, (_, at) => aRule(next, at));
  const decide = buildOpaqueEngine(rules);
  const expected = scan(rules);
  for (let left = REQUESTS; left > 0; left -= 1) {
    const labels = list(next, 2, (n) => pick(['l1', 'l2', 'l3'], n));
    const request = { principal: value(next), action: value(next), resource: value(next), labels };
    const [got, wanted] = [JSON.stringify(decide(request)), expected(request)];
    counts.set(wanted.reason, (counts.get(wanted.reason) ?? 0) + 1);
    if (got === JSON.stringify(wanted)) continue;
    console.error(JSON.stringify({ seed, size, request, got, wanted }));
    return false;
  }
  return true;
}

const started = systemClock.monotonicMs();
const counts = new Map<string, number>();
let policies = 0;
for (
  let seed = 1;
  systemClock.monotonicMs() - started < TIME_MS && process.exitCode === undefined;
  seed += 1
) {
  for (const size of SIZES) {
    policies += 1;
    if (!runOne(seed * 1000 + size, size, counts)) process.exitCode = 1;
  }
}
console.log(`${policies} policies, ${JSON.stringify(Object.fromEntries(counts))}`);
if (counts.size < 4) process.exitCode = 1;
