import type { Clock } from '@praxis/core';
import { parseInstant, systemClock } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyCondition, PolicyDocument, PolicyRule } from '../document/policy-types.ts';
import { classifiedDenyList } from './classified-deny-list.ts';
import { explainDecision } from './explain.ts';
import { PolicyEngine, type PolicyEngineOptions, RESOURCE_LENGTH_MAX } from './policy-engine.ts';
import { RATE_KEYS_MAX, SlidingRateMeter } from './sliding-rate-meter.ts';

const aRule = (rule: Partial<PolicyRule> = {}): PolicyRule => ({
  name: 'r',
  effect: 'allow',
  principals: ['*'],
  actions: ['*'],
  resources: ['*'],
  ...rule,
});
const anEngine = (
  document: Partial<PolicyDocument>,
  options: Partial<PolicyEngineOptions> = {},
): PolicyEngine =>
  new PolicyEngine(
    { rules: [], ...document },
    { home: '/home/a', cwd: '/srv/agent', denyList: () => null, ...options },
  );
const aRequest = { principal: 'agent:a', action: 'tool.use', resource: 'x' };
const when = (...conditions: PolicyCondition[]): PolicyEngine => anEngine({ rules: [aRule({ conditions })] });

function aClock(): Clock & { advance(ms: number): void } {
  let ms = 1_000_000;
  return { now: () => ms * 1000, monotonicMs: () => ms, advance: (by) => void (ms += by) };
}

describe('conditions on an allow', () => {
  it.each([
    [{ field: 'context.amount', op: 'lte', value: 100 }, { amount: 100 }, { amount: 101 }],
    [{ field: 'context.amount', op: 'lt', value: 100 }, { amount: 99 }, { amount: 100 }],
    [{ field: 'context.amount', op: 'gte', value: 1 }, { amount: 1 }, { amount: 0 }],
    [{ field: 'context.amount', op: 'gt', value: 1 }, { amount: 2 }, { amount: '2' }],
    [{ field: 'context.env', op: 'eq', value: 'dev' }, { env: 'dev' }, { env: 'prod' }],
    [{ field: 'context.env', op: 'ne', value: 'prod' }, { env: 'dev' }, { env: 'prod' }],
    [{ field: 'context.env', op: 'in', value: ['dev', 'test'] }, { env: 'test' }, { env: 'prod' }],
    [{ field: 'context.env', op: 'not_in', value: ['prod'] }, { env: 'test' }, { env: 'prod' }],
    [{ field: 'context.tags', op: 'contains', value: 'a' }, { tags: ['a'] }, { tags: ['b'] }],
    [{ field: 'context.tags', op: 'lacks', value: 'a' }, { tags: ['b'] }, { tags: ['a'] }],
    [{ field: 'context.text', op: 'contains', value: 'ok' }, { text: 'all ok' }, { text: 'no' }],
    [{ field: 'context.path', op: 'matches', value: '/srv/**' }, { path: '/srv/a' }, { path: '/etc/a' }],
    [{ field: 'context.path', op: 'matches_not', value: '/etc/**' }, { path: '/srv/a' }, { path: '/etc/a' }],
    [{ field: 'context.a.b', op: 'eq', value: true }, { a: { b: true } }, { a: { b: 'true' } }],
    [{ field: 'context.ticket', op: 'exists', value: true }, { ticket: 1 }, {}],
    [{ field: 'context.force', op: 'exists', value: false }, {}, { force: true }],
  ] as const)('hold or fail: %j', (condition, good, bad) => {
    const engine = when(condition);
    expect(engine.decide({ ...aRequest, context: good })).toMatchObject({ allowed: true });
    expect(engine.decide({ ...aRequest, context: bad })).toMatchObject({
      allowed: false,
      reason: 'no_matching_policy',
    });
  });

  it('fail when the request does not carry what they ask about, even where it is asked for a difference', () => {
    for (const op of ['ne', 'eq'] as const) {
      expect(when({ field: 'context.env', op, value: 'prod' }).decide(aRequest).allowed).toBe(false);
    }
    expect(
      when({ field: 'context.__proto__.x', op: 'ne', value: 1 }).decide({ ...aRequest, context: {} }).allowed,
    ).toBe(false);
  });

  it('read arguments and labels', () => {
    const engine = when(
      { field: 'args.force', op: 'eq', value: false },
      { field: 'labels', op: 'contains', value: 'l' },
    );
    expect(engine.decide({ ...aRequest, args: { force: false }, labels: ['l'] }).allowed).toBe(true);
    expect(engine.decide({ ...aRequest, args: { force: true }, labels: ['l'] }).allowed).toBe(false);
    expect(engine.decide({ ...aRequest, args: { force: false } }).allowed).toBe(false);
  });

  it('leave the next allow to decide', () => {
    const rules = [
      aRule({ conditions: [{ field: 'context.a', op: 'eq', value: 1 }] }),
      aRule({ name: 'next' }),
    ];
    expect(anEngine({ rules }).decide(aRequest).matchedRule).toBe('next');
  });
});

describe('conditions on a deny', () => {
  const rules = [
    aRule({ name: 'd', effect: 'deny', conditions: [{ field: 'context.env', op: 'eq', value: 'prod' }] }),
    aRule(),
  ];

  it('lift it only when they are known to fail', () => {
    expect(anEngine({ rules }).decide({ ...aRequest, context: { env: 'dev' } }).allowed).toBe(true);
    expect(anEngine({ rules }).decide({ ...aRequest, context: { env: 'prod' } }).violatedRule).toBe('d');
    expect(anEngine({ rules }).decide(aRequest).reason).toBe('explicit_deny');
  });
});

describe('a time window', () => {
  const at = (engine: PolicyEngine, text: string): boolean =>
    engine.decide(aRequest, { now: parseInstant(text) }).allowed;

  it('includes its beginning and not its end', () => {
    const engine = when({ time: { days: ['mon', 'fri'], from: '09:00', to: '17:00' } });
    expect(at(engine, '2026-11-20T09:00:00.000000Z')).toBe(true);
    expect(at(engine, '2026-11-20T16:59:59.000000Z')).toBe(true);
    expect(at(engine, '2026-11-20T17:00:00.000000Z')).toBe(false);
    expect(at(engine, '2026-11-20T08:59:59.000000Z')).toBe(false);
    expect(at(engine, '2026-11-21T12:00:00.000000Z')).toBe(false);
    expect(engine.decide(aRequest).allowed).toBe(false);
  });

  it('runs over midnight and counts the small hours to the day before', () => {
    const engine = when({ time: { days: ['fri'], from: '22:00', to: '06:00' } });
    expect(at(engine, '2026-11-20T23:00:00.000000Z')).toBe(true);
    expect(at(engine, '2026-11-21T05:59:00.000000Z')).toBe(true);
    expect(at(engine, '2026-11-21T06:00:00.000000Z')).toBe(false);
    expect(at(engine, '2026-11-21T23:00:00.000000Z')).toBe(false);
  });

  it('is read in its own time zone, summer time included', () => {
    const engine = when({ time: { from: '09:00', to: '10:00', timezone: 'Europe/Berlin' } });
    expect(at(engine, '2026-07-01T07:30:00.000000Z')).toBe(true);
    expect(at(engine, '2026-12-01T08:30:00.000000Z')).toBe(true);
    expect(at(engine, '2026-12-01T07:30:00.000000Z')).toBe(false);
  });
});

describe('a rate', () => {
  const rules = [aRule({ conditions: [{ rate: { max: 2, per_seconds: 60 } }] })];

  it('lets so many requests of each principal through, and more when time has passed', () => {
    const clock = aClock();
    const engine = anEngine({ rules }, { meter: new SlidingRateMeter(clock) });
    expect([1, 2, 3].map(() => engine.decide(aRequest).reason)).toEqual([
      'allowed',
      'allowed',
      'rate_limit_exceeded',
    ]);
    expect(engine.decide({ ...aRequest, principal: 'agent:b' }).allowed).toBe(true);
    clock.advance(59_000);
    expect(engine.decide(aRequest).allowed).toBe(false);
    clock.advance(3_000);
    expect(engine.decide(aRequest).allowed).toBe(true);
  });

  it('never holds without a meter', () => {
    expect(anEngine({ rules }).decide(aRequest).allowed).toBe(false);
  });

  it('is not used up by requests that are refused', () => {
    const engine = anEngine(
      { rules: [aRule({ name: 'd', effect: 'deny', resources: ['no'] }), ...rules] },
      { meter: new SlidingRateMeter(aClock()) },
    );
    for (let count = 0; count < 5; count += 1) engine.decide({ ...aRequest, resource: 'no' });
    expect(engine.decide(aRequest).allowed).toBe(true);
  });

  it('forgets the longest unused principal when there are too many', () => {
    const meter = new SlidingRateMeter(aClock());
    for (let count = 0; count <= RATE_KEYS_MAX; count += 1) meter.take(`k${count}`, 60);
    expect([meter.count('k0', 60), meter.count('k1', 60)]).toEqual([0, 1]);
  });
});

describe('delegation depth', () => {
  it('is bounded by the rule and by the document', () => {
    const engine = anEngine({
      global_max_delegation_depth: 3,
      rules: [aRule({ max_delegation_depth: 1, resources: ['x'] }), aRule({ name: 'y', resources: ['y'] })],
    });
    expect(engine.decide({ ...aRequest, delegation_depth: 1 }).allowed).toBe(true);
    expect(engine.decide({ ...aRequest, delegation_depth: 2 }).reason).toBe('max_delegation_depth_exceeded');
    expect(engine.decide({ ...aRequest, resource: 'y', delegation_depth: 3 }).allowed).toBe(true);
    expect(engine.decide({ ...aRequest, resource: 'y', delegation_depth: 4 }).reason).toBe(
      'max_delegation_depth_exceeded',
    );
  });
});

describe('obligations', () => {
  it('come with the decision', () => {
    const engine = anEngine({
      rules: [aRule({ obligations: { require_approval: true, redact: ['args.body'] } })],
    });
    expect(engine.decide(aRequest).obligations).toEqual([
      { type: 'require_approval', rule: 'r' },
      { type: 'redact', rule: 'r', fields: ['args.body'] },
    ]);
  });

  it('of every command in a script are gathered', () => {
    const rules = [
      aRule({ resources: ['ls'] }),
      aRule({ name: 's', resources: ['id'], obligations: { require_approval: true } }),
    ];
    const decision = anEngine({ rules }).decide({ ...aRequest, action: 'bash', resource: 'ls; id' });
    expect(decision).toMatchObject({
      matchedRules: ['r', 's'],
      obligations: [{ type: 'require_approval', rule: 's' }],
    });
  });

  it('turn a deny into a note with `log_only`', () => {
    const engine = anEngine({
      rules: [aRule({ name: 'd', effect: 'deny', obligations: { log_only: true } }), aRule()],
    });
    expect(engine.decide(aRequest)).toMatchObject({
      allowed: true,
      obligations: [{ type: 'log_only', rule: 'd' }],
    });
  });
});

describe('paths', () => {
  const rules = [aRule({ resources: ['/data/**'] })];
  const read = { principal: 'p', action: 'fs.read', resource: '/data/link/x' };

  it('are followed through symlinks where the caller can, and an allow must hold at both ends', () => {
    const decide = (real: string | null): boolean =>
      anEngine({ rules }, { realpath: () => real }).decide(read).allowed;
    expect([decide('/data/real/x'), decide('/etc/x'), decide(null)]).toEqual([true, false, false]);
  });

  it('are taken from the surroundings of the request', () => {
    const engine = anEngine({ rules });
    const relative = { ...read, resource: 'x' };
    expect(engine.decide(relative).allowed).toBe(false);
    expect(engine.decide(relative, { environment: { home: '/h', cwd: '/data/a' } }).allowed).toBe(true);
  });
});

describe('commands on the deny list', () => {
  const engine = anEngine(
    { rules: [aRule({ resources: ['*', '*>*'] })] },
    { denyList: classifiedDenyList() },
  );

  it.each([
    ['bash', 'rm -rf /', 'deny-list:root-wipe'],
    ['shell.exec', ':(){ :|:& };:', 'deny-list:fork-bomb'],
    ['exec', 'cat x > /dev/sda', 'deny-list:disk-overwrite'],
  ])('are refused whatever the rules say: %s %s', (action, resource, violatedRule) => {
    expect(engine.decide({ principal: 'p', action, resource })).toMatchObject({
      allowed: false,
      reason: 'explicit_deny',
      violatedRule,
    });
  });

  it('are not looked for in other resources', () => {
    expect(engine.decide({ principal: 'p', action: 'note.add', resource: 'rm -rf /' }).allowed).toBe(true);
  });
});

describe('PolicyEngine', () => {
  it('reads a resource at the length bound and refuses the next longer one', () => {
    const engine = anEngine({ rules: [aRule()] });
    expect(engine.decide({ ...aRequest, resource: 'x'.repeat(RESOURCE_LENGTH_MAX) }).allowed).toBe(true);
    expect(engine.decide({ ...aRequest, resource: 'x'.repeat(RESOURCE_LENGTH_MAX + 1) }).reason).toBe(
      'no_matching_policy',
    );
  });

  it('answers at once on long hostile resources of every kind', () => {
    const sources = ['**/a/**/b/**', 'https://*a*a*a*b/*a*a*b', '*a*a*a*b', '~/x/**'];
    const engine = anEngine({
      rules: [aRule({ resources: sources }), aRule({ name: 'd', effect: 'deny', resources: sources })],
    });
    for (const unit of [
      'a',
      'a/',
      '../',
      '%2e',
      '%25',
      '\\',
      'a;',
      '$(',
      '"',
      'sh -c ',
      '\u0000',
      'é',
      '[',
      '*',
    ]) {
      for (const [action, start] of [
        ['fs.read', '/'],
        ['fetch', 'https://a/'],
        ['fetch', 'https://'],
        ['bash', ''],
        ['tool.use', ''],
      ] as const) {
        const resource = (start + unit.repeat(RESOURCE_LENGTH_MAX)).slice(0, RESOURCE_LENGTH_MAX);
        const started = systemClock.monotonicMs();
        engine.decide({ principal: 'p', action, resource });
        engine.decide({ principal: 'p', action, resource: resource.slice(0, 16_000) });
        expect([action, unit, systemClock.monotonicMs() - started < 1000]).toEqual([action, unit, true]);
      }
    }
  });

  it('never throws, whatever is asked', () => {
    const engine = anEngine({
      rules: [
        aRule({ resources: ['https://x/*', '/a/**', 'ls *'] }),
        aRule({ effect: 'deny', name: 'd', resources: ['*x*'] }),
      ],
    });
    const action = fc.constantFrom('fs.read', 'fetch', 'bash', 'powershell', 'tool.use');
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webUrl(),
      fc.string({
        unit: fc.constantFrom('%', '2', 'e', '/', '.', '\\', ':', '~', '>', '$', '(', ')', ' ', '`'),
      }),
    );
    fc.assert(
      fc.property(text, action, text, (principal, name, resource) => {
        expect(typeof engine.decide({ principal, action: name, resource }).allowed).toBe('boolean');
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses a document with an invalid pattern', () => {
    expect(() => anEngine({ rules: [aRule({ effect: 'deny', resources: ['a**'] })] })).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID' }),
    );
  });

  it('treats a foreign shell’s text as one command or not at all', () => {
    const policy = anEngine({ rules: [aRule({ resources: ['Get-ChildItem *', 'dir *'] })] });
    const decide = (action: string, resource: string): boolean =>
      policy.decide({ principal: 'p', action, resource }).allowed;
    expect(decide('powershell', 'Get-ChildItem C:\\temp')).toBe(true);
    expect(decide('powershell', 'Get-ChildItem x; Remove-Item y')).toBe(false);
    expect(decide('cmd', 'dir c:\\ & del x')).toBe(false);
    expect(decide('shell.powershell', 'Get-ChildItem $(x)')).toBe(false);
  });
});

describe('explainDecision', () => {
  it('says of every rule why it did or did not take part', () => {
    const engine = anEngine({
      rules: [
        aRule({ name: 'other-principal', principals: ['user:*'] }),
        aRule({ name: 'other-action', actions: ['x.y'] }),
        aRule({ name: 'other-resource', resources: ['/etc/*'] }),
        aRule({ name: 'unlabelled', required_labels: ['mfa'] }),
        aRule({ name: 'conditional', conditions: [{ field: 'context.a', op: 'eq', value: 1 }] }),
        aRule({ name: 'decides' }),
        aRule({ name: 'later' }),
      ],
    });
    const { decision, readings, rules } = explainDecision(engine, {
      principal: 'agent:a',
      action: 'fs.read',
      resource: 'a/../b%2e',
    });
    expect(decision.matchedRule).toBe('decides');
    expect(readings).toEqual(['/srv/agent/b%2e', '/srv/agent/b.']);
    expect(rules.map((rule) => rule.verdict)).toEqual([
      'principal_differs',
      'action_differs',
      'resource_differs',
      'labels_missing',
      'conditions_fail',
      'decides',
      'matches',
    ]);
  });

  it('shows the commands of a script and what is read from a URL', () => {
    const engine = anEngine({ rules: [aRule()] });
    expect(explainDecision(engine, { ...aRequest, action: 'bash', resource: 'ls && id' }).readings).toEqual([
      'ls && id',
      'ls',
      'id',
    ]);
    expect(explainDecision(engine, { ...aRequest, resource: 'HTTPS://X.net:443/a b' })).toMatchObject({
      kind: 'url',
      isAllowable: false,
    });
  });
});
