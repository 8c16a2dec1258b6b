import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classifiedDenyList } from '../rules/classified-deny-list.ts';
import { formatPolicy } from './format.ts';
import { lintPolicy } from './lint.ts';
import { parsePolicy } from './load.ts';
import { runPolicyTests } from './run-tests.ts';

const POLICIES = new URL('../../../../policies/', import.meta.url);
const files = readdirSync(POLICIES).filter((name) => name.endsWith('.yaml'));

describe('the bundled policies', () => {
  it('are all there', () => {
    expect(files.length).toBe(16);
  });

  it.each(files)('%s passes its tests, and every rule decides one', (file) => {
    const policy = parsePolicy(readFileSync(new URL(file, POLICIES), 'utf8'), file);
    const report = runPolicyTests(policy, {
      home: '/home/dev',
      cwd: '/home/dev/project',
      denyList: classifiedDenyList(),
    });
    expect(report.results.filter((result) => result.problems.length > 0)).toEqual([]);
    expect(report.uncoveredRules).toEqual([]);
    expect(report.passed).toBeGreaterThan(0);
    expect(policy.id).toBe(file.replace('.yaml', ''));
  });

  it.each(files)('%s has no lint error and survives formatting', (file) => {
    const policy = parsePolicy(readFileSync(new URL(file, POLICIES), 'utf8'), file);
    expect(lintPolicy(policy).filter((finding) => finding.severity === 'error')).toEqual([]);
    expect(parsePolicy(formatPolicy(policy), file)).toEqual(policy);
  });
});
