import { describe, expect, it } from 'vitest';
import { classify } from './classify.ts';
import { OPERATOR_DENY_RULES_MAX, parseOperatorDenyRules, rulesetVersionWith } from './operator-deny.ts';

const RULES = 'deny:\n  - { code: no-prod-restart, command: systemctl, args: [restart, "prod-*"] }\n';

describe('the rules an operator adds to the deny list', () => {
  it('are judged on the tree, like the shipped ones', () => {
    const deny = parseOperatorDenyRules(RULES);
    expect(classify('systemctl restart prod-db', { deny })).toMatchObject({ denied: true, tier: 'T3' });
    expect(classify('true && sudo systemctl restart "prod-"db', { deny }).denied).toBe(true);
    expect(classify('systemctl restart staging-db', { deny }).denied).toBe(false);
    expect(classify('echo systemctl restart prod-db', { deny }).denied).toBe(false);
  });

  it.each([
    ['a misspelt key', 'deny: [{ code: a, comand: rm }]'],
    ['no list', 'rules: []'],
    ['a code with blanks', 'deny: [{ code: "no way", command: rm }]'],
    ['no YAML', '{'],
    ['one rule too many', `deny: [${'{ code: a, command: rm },'.repeat(OPERATOR_DENY_RULES_MAX + 1)}]`],
  ])('are an error with %s', (_what, text) => {
    expect(() => parseOperatorDenyRules(text)).toThrowError(
      expect.objectContaining({ code: 'DENY_RULES_INVALID' }),
    );
  });

  it('may be as many as the bound', () => {
    const text = `deny: [${'{ code: a, command: rm },'.repeat(OPERATOR_DENY_RULES_MAX)}]`;
    expect(parseOperatorDenyRules(text)).toHaveLength(OPERATOR_DENY_RULES_MAX);
  });

  it('change the version of the rule set, so that approvals given before are void', () => {
    const deny = parseOperatorDenyRules(RULES);
    expect(rulesetVersionWith('sha256:a', [])).toBe('sha256:a');
    expect(rulesetVersionWith('sha256:a', deny)).not.toBe('sha256:a');
  });
});
