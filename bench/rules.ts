import { performance } from 'node:perf_hooks';
import { classifiedDenyList } from '../packages/policy/src/rules/classified-deny-list.ts';
import { compilePattern, isPatternFault, type Pattern } from '../packages/policy/src/rules/pattern.ts';
import { matchesPattern } from '../packages/policy/src/rules/pattern-match.ts';
import { PolicyEngine } from '../packages/policy/src/rules/policy-engine.ts';
import { build } from './engine.ts';

/** Distinct requests of one run: enough that the processor's caches do not hold the answers. */
const REQUESTS = 4096;
const ROUNDS = 5;
const ROUND_MS = 150;

interface Rule {
  readonly name: string;
  readonly effect: 'allow' | 'deny';
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly required_labels: readonly string[];
}

interface Request {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly labels: readonly string[];
}

type Decide = (request: Request) => { readonly allowed: boolean };

/** A small seeded generator (mulberry32), so that every run sees the same rules. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function elementAt<T>(values: readonly T[], index: number): T {
  const value = values[index % values.length];
  if (value === undefined) throw new RangeError('an empty list');
  return value;
}

const ACTIONS = [
  'fs.read',
  'fs.write',
  'http.get',
  'http.post',
  'browser.click',
  'mail.send',
  'db.query',
  'pay.charge',
];

function makeRules(count: number): Rule[] {
  const next = random(1);
  const pick = <T>(values: readonly T[]): T => elementAt(values, Math.floor(next() * values.length));
  return Array.from({ length: count }, (_, at) => {
    const team = Math.floor(next() * Math.max(2, count / 20));
    const id = Math.floor(next() * 0xff_ffff)
      .toString(16)
      .padStart(6, '0');
    const resource = pick([
      `/srv/app-${id}/main.yaml`,
      `/srv/app-${id}/src/**`,
      `**/vault-${id}/**`,
      `*.${id}.env`,
      `https://*.corp-${id}.example/**`,
    ]);
    return {
      name: `r${at}`,
      effect: at % 5 === 4 ? 'deny' : 'allow',
      principals: [pick([`agent:team${team}-bot1`, `agent:team${team}-*`, 'agent:*', '*'])],
      actions: [pick([...ACTIONS, 'fs.*', 'http.*', '*'])],
      resources: [resource],
      required_labels: next() < 0.1 ? ['mfa'] : [],
    };
  });
}

function makeRequests(rules: readonly Rule[]): Request[] {
  const next = random(2);
  return Array.from({ length: REQUESTS }, () => {
    const rule = elementAt(rules, Math.floor(next() * rules.length));
    const fill = (pattern = ''): string => pattern.replace(/\*+/g, 'x1');
    const isNear = next() < 0.3;
    const action = fill(rule.actions[0]).replace('.x1', '.read').replace(/^x1$/, 'mail.send');
    const resource = fill(rule.resources[0]);
    return {
      principal: fill(rule.principals[0]),
      action,
      resource: isNear ? resource.replace(/[0-9a-f]{6}/, 'zzzzzz') : resource,
      labels: next() < 0.5 ? ['mfa'] : [],
    };
  });
}

function naive(rules: readonly Rule[]): Decide {
  const compile = (source: string): Pattern => {
    const pattern = compilePattern(source);
    if (isPatternFault(pattern)) throw new RangeError(pattern.code);
    return pattern;
  };
  const compiled = rules.map((rule) => ({
    rule,
    lists: [rule.principals.map(compile), rule.actions.map(compile), rule.resources.map(compile)] as const,
  }));
  return ({ principal, action, resource, labels }) => {
    let allowed = false;
    for (const { rule, lists } of compiled) {
      const values = [principal, action, resource];
      if (!lists.every((list, at) => list.some((pattern) => matchesPattern(pattern, values[at] ?? ''))))
        continue;
      if (rule.effect === 'deny') return { allowed: false };
      allowed ||= rule.required_labels.every((label) => labels.includes(label));
    }
    return { allowed };
  };
}

function measure(decide: Decide, requests: readonly Request[]): { perSecond: number; p99Us: number } {
  const rates: number[] = [];
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const from = performance.now();
    let done = 0;
    for (let at = 0; performance.now() - from < ROUND_MS; at = (at + 64) % requests.length) {
      for (let step = 0; step < 64; step += 1) decide(elementAt(requests, at + step));
      done += 64;
    }
    if (round > 0) rates.push((done / (performance.now() - from)) * 1000);
  }
  for (const request of requests.slice(0, 2000)) {
    const from = performance.now();
    decide(request);
    times.push((performance.now() - from) * 1000);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return {
    perSecond: rates.toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0,
    p99Us: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
  };
}

function report(
  name: string,
  count: number,
  buildMs: number,
  decide: Decide,
  requests: readonly Request[],
): void {
  const { perSecond, p99Us } = measure(decide, requests);
  const cells = [
    name,
    count,
    buildMs.toFixed(1),
    Math.round(perSecond),
    (1e6 / perSecond).toFixed(2),
    p99Us.toFixed(2),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

function timed<T>(work: () => T): { value: T; ms: number } {
  const from = performance.now();
  return { value: work(), ms: performance.now() - from };
}

console.log('| what | rules | build ms | decisions/s | mean µs | p99 µs |\n|---|---|---|---|---|---|');
for (const count of [10, 1000, 10_000]) {
  const rules = makeRules(count);
  const requests = makeRequests(rules);
  const scan = timed(() => naive(rules));
  const engine = timed(() => build(rules));
  const wrong = requests
    .slice(0, 256)
    .filter((request) => scan.value(request).allowed !== engine.value(request).allowed);
  if (wrong.length > 0) throw new Error(`${wrong.length} answers differ from the scan`);
  report('scan', count, scan.ms, scan.value, requests);
  report('engine', count, engine.ms, engine.value, requests);
  const whole = timed(
    () => new PolicyEngine({ rules }, { home: '/home/a', cwd: '/srv/agent', denyList: classifiedDenyList() }),
  );
  report('engine with normalisation', count, whole.ms, (request) => whole.value.decide(request), requests);
}
for (const [name, label] of [
  ['all match, one label missing', () => 'other'],
  ['all match, each its own label', (at: number) => `l${at}`],
] as const) {
  const rules = Array.from({ length: 10_000 }, (_, at): Rule => {
    return {
      name: `r${at}`,
      effect: 'allow',
      principals: ['*'],
      actions: ['*'],
      resources: ['*'],
      required_labels: ['mfa', label(at)],
    };
  });
  const engine = timed(() => build(rules));
  report(name, rules.length, engine.ms, engine.value, [
    { principal: 'a', action: 'b', resource: 'c', labels: ['mfa'] },
  ]);
}
