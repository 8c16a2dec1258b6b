import { describe, expect, it } from 'vitest';

import { builtInKinds } from './built-in-kinds.ts';
import { KINDS_YAML_LENGTH_MAX, parseKindsYaml } from './kinds-yaml.ts';

const registry = builtInKinds();
const codes = (fact: Parameters<typeof registry.check>[0]): string[] =>
  registry.check(fact).map((v) => v.code);

describe('the built-in kinds', () => {
  it('accept facts that fit, and predicates they do not name', () => {
    expect(codes({ subject: 'host:a', predicate: 'address', value: '10.0.0.1', valueKey: 'eth0' })).toEqual(
      [],
    );
    expect(codes({ subject: 'host:a', predicate: 'anything', value: [1] })).toEqual([]);
    expect(codes({ subject: 'host:a', predicate: 'mounts', value: {}, target: 'storage:x' })).toEqual([]);
  });

  it('say what does not fit', () => {
    expect(codes({ subject: 'ghost:a', predicate: 'x', value: 1 })).toEqual(['UNKNOWN_KIND']);
    expect(codes({ subject: 'service:a', predicate: 'port', value: 65_536 })).toEqual(['VALUE']);
    expect(codes({ subject: 'service:a', predicate: 'port', value: 65_535 })).toEqual([]);
    expect(codes({ subject: 'service:a', predicate: 'state', value: 'odd' })).toEqual(['VALUE']);
    expect(codes({ subject: 'service:a', predicate: 'state', value: 'failed', valueKey: 'x' })).toEqual([
      'NOT_MULTI_VALUED',
    ]);
    expect(codes({ subject: 'service:a', predicate: 'state', value: 'failed', target: 'host:a' })).toEqual([
      'NOT_AN_EDGE',
    ]);
    expect(codes({ subject: 'host:a', predicate: 'mounts', value: {} })).toEqual(['EDGE_TARGET']);
    expect(codes({ subject: 'host:a', predicate: 'mounts', value: {}, target: 'host:b' })).toEqual([
      'EDGE_TARGET',
    ]);
  });

  it('name what an entity lacks', () => {
    expect(registry.checkComplete('alert:1', new Set()).map((v) => v.predicate)).toEqual(['severity']);
    expect(registry.checkComplete('alert:1', new Set(['severity']))).toEqual([]);
  });

  it('refuse by exception where a caller wants that', () => {
    const fact = { subject: 'alert:1', predicate: 'severity', value: 'odd', actor: 'test:a', reason: '' };
    expect(() => registry.assert(fact)).toThrow(expect.objectContaining({ code: 'FACT_KIND_INVALID' }));
  });
});

describe('kinds of the user', () => {
  it('extend and replace the built-in ones', () => {
    const more = registry.with(
      parseKindsYaml(
        'kinds: { tower: { open: false, predicates: { height_m: { type: number, minimum: 0, required: true } } } }',
      ),
    );
    const check = (predicate: string, value: number): string[] =>
      more.check({ subject: 'tower:a', predicate, value }).map((v) => v.code);
    expect([check('height_m', 3), check('height_m', -1), check('x', 1)]).toEqual([
      [],
      ['VALUE'],
      ['UNKNOWN_PREDICATE'],
    ]);
    expect(more.kinds.has('host')).toBe(true);
  });

  it.each([
    ['no kinds', 'x: 1'],
    ['an unknown type', 'kinds: { a: { predicates: { p: { type: odd } } } }'],
    ['an unknown field', 'kinds: { a: { colour: red } }'],
    ['a name that cannot be a kind', 'kinds: { "a b": {} }'],
    ['broken YAML', 'kinds: {'],
    ['a bomb of aliases', `a: &a [1]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]`],
    ['more than the bound', ' '.repeat(KINDS_YAML_LENGTH_MAX + 1)],
  ])('are refused for %s', (_name, text) => {
    expect(() => parseKindsYaml(text)).toThrow(expect.objectContaining({ code: 'FACT_KIND_INVALID' }));
  });
});
