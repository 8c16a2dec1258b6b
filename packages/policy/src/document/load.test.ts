import { PraxisError } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DOCUMENT_BYTES_MAX, loadPolicy, parsePolicy, policyFaults } from './load.ts';

function faultsOf(text: string): readonly unknown[] {
  try {
    parsePolicy(text, 'p.yaml');
    return [];
  } catch (error) {
    return policyFaults(error).map(({ code, line, column }) => ({ code, line, column }));
  }
}

const HEAD = `rules:
  - name: a
    effect: allow
    principals: ["*"]
    actions: [x]
`;

describe('parsePolicy', () => {
  it('reads YAML and JSON alike', () => {
    const document = {
      rules: [{ name: 'a', effect: 'deny', principals: ['*'], actions: ['x'], resources: ['y'] }],
    };
    expect(parsePolicy(JSON.stringify(document))).toEqual(document);
    expect(parsePolicy(`${HEAD}    resources: [y]\n`).rules).toHaveLength(1);
  });

  it('points at an invalid pattern, in flow, block and quoted style', () => {
    expect(faultsOf(`${HEAD}    resources: [ok, "a**"]\n`)).toEqual([
      { code: 'PATTERN_RECURSIVE_COMPONENT', line: 6, column: 23 },
    ]);
    expect(faultsOf(`${HEAD}    resources:\n      - ok\n      - foo[a\n`)).toEqual([
      { code: 'PATTERN_CLASS_UNCLOSED', line: 8, column: 12 },
    ]);
  });

  it('reports every fault, not only the first', () => {
    const faults = faultsOf(
      `${HEAD}    resources: ["a**", "***"]\n  - name: a\n    effect: deny\n    principals: ["["]\n    actions: []\n    resources: []\n`,
    );
    expect(faults).toMatchObject([
      { code: 'PATTERN_RECURSIVE_COMPONENT', line: 6 },
      { code: 'PATTERN_STAR_RUN', line: 6 },
      { code: 'PATTERN_CLASS_UNCLOSED', line: 9 },
      { code: 'RULE_NAME_DUPLICATE', line: 7 },
    ]);
  });

  it('refuses unknown fields, because a misspelt one would widen a rule', () => {
    expect(faultsOf(`${HEAD}    resources: [y]\n    required_label: [mfa]\n`)).toMatchObject([
      { code: 'POLICY_FIELD_INVALID', line: 2 },
    ]);
  });

  it('refuses duplicate keys, aliases without end and broken YAML', () => {
    expect(faultsOf('rules: []\nrules: []\n')).toMatchObject([{ code: 'DUPLICATE_KEY', line: 2 }]);
    expect(faultsOf('rules: [\n')).not.toEqual([]);
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((c, at) => `${c}: &${c} [${`*${'abcdefg'[at]},`.repeat(10)}]`)
      .join('\n')}\nrules: []\n`;
    expect(faultsOf(bomb)).not.toEqual([]);
    expect(faultsOf(`${HEAD}    resources: [*]\n`)).not.toEqual([]);
  });

  it('refuses a time zone nobody knows', () => {
    const faults = faultsOf(
      `${HEAD}    resources: [y]\n    conditions:\n      - time: { timezone: Mars/Olympus }\n`,
    );
    expect(faults).toMatchObject([{ code: 'CONDITION_TIMEZONE_UNKNOWN', line: 8 }]);
  });

  it('says that another tool’s policy can be converted', () => {
    expect(faultsOf('rules: [{id: a, effect: allow, action: fs.read, resource: x}]')).toMatchObject([
      { code: 'POLICY_FOREIGN' },
    ]);
  });

  it('bounds the size of a document', () => {
    const text = `# ${'x'.repeat(DOCUMENT_BYTES_MAX)}`;
    expect(() => parsePolicy(text)).toThrow(expect.objectContaining({ code: 'POLICY_TOO_LARGE' }));
  });

  it('throws nothing but coded errors', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('r', 'u', ':', ' ', '\n', '-', '[', '{', '"', '*', '&', '!', '|', '}'),
        }),
        (text) => {
          try {
            parsePolicy(text);
          } catch (error) {
            expect(error).toBeInstanceOf(PraxisError);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('loadPolicy', () => {
  it('says when a file cannot be read', async () => {
    await expect(loadPolicy('/nowhere/policy.yaml')).rejects.toMatchObject({ code: 'POLICY_UNREADABLE' });
  });
});
