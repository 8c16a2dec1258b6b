import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerPolicyCommands } from './policy.ts';

const POLICY = `version: 1
revision: 3
rules:
  - name: read
    effect: allow
    principals: ["agent:*"]
    actions: [fs.read]
    resources: [/src/**]
tests:
  - name: reads
    request: { principal: agent:a, action: fs.read, resource: /src/a }
    expect: { allowed: true, rule: read }
`;

let directory: string;
let lines: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'praxis-policy-'));
  lines = [];
  for (const method of ['log', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((line: string) => void lines.push(line));
  }
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
});

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(directory, { recursive: true });
});

const path = (name: string): string => join(directory, name);

function file(name: string, text: string): string {
  writeFileSync(path(name), text);
  return path(name);
}

async function praxis(...args: string[]): Promise<{ exit: unknown; output: string }> {
  lines = [];
  process.exitCode = undefined;
  const program = new Command('praxis');
  registerPolicyCommands(program);
  await program.parseAsync(['policy', ...args], { from: 'user' });
  return { exit: process.exitCode ?? 0, output: lines.join('\n') };
}

describe('praxis policy', () => {
  it('checks a policy and points at what is wrong', async () => {
    const bad = file('bad.yaml', POLICY.replace('/src/**', '"/src**"'));
    expect(await praxis('check', file('p.yaml', POLICY))).toMatchObject({ exit: 0 });
    const { exit, output } = await praxis('check', bad);
    expect(exit).toBe(1);
    expect(output).toContain(`${bad}:8:22: PATTERN_RECURSIVE_COMPONENT`);
    expect((await praxis('check', path('none.yaml'))).exit).toBe(3);
  });

  it('formats, and converts a policy of another tool', async () => {
    const foreign = file('f.yaml', 'rules: [{id: a, effect: allow, action: fs.read, resource: ./x/**}]');
    expect((await praxis('fmt', file('p.yaml', POLICY))).output).toContain('name: read');
    expect((await praxis('fmt', foreign)).exit).toBe(1);
    expect((await praxis('fmt', '--import', '--write', foreign)).exit).toBe(0);
    expect(readFileSync(foreign, 'utf8')).toContain('principals:');
  });

  it('lints and tests', async () => {
    const policy = file('p.yaml', POLICY);
    expect(await praxis('lint', policy)).toEqual({ exit: 0, output: '' });
    expect(
      (
        await praxis(
          'lint',
          file('l.yaml', POLICY.replace('effect: allow', 'effect: deny').replace('/src/**', 'src/*')),
        )
      ).exit,
    ).toBe(1);
    expect((await praxis('test', '--coverage', policy)).output).toContain(
      '1 passed, 0 failed, 1 of 1 rules covered',
    );
    expect(
      (await praxis('test', file('t.yaml', POLICY.replace('allowed: true', 'allowed: false')))).exit,
    ).toBe(1);
    expect((await praxis('test', '--coverage', file('u.yaml', POLICY.replace(/tests:[^]*/, '')))).exit).toBe(
      1,
    );
  });

  it('evaluates and explains one request', async () => {
    const policy = file('p.yaml', POLICY);
    const request = (resource: string): string =>
      JSON.stringify({ principal: 'agent:a', action: 'fs.read', resource });
    const yes = await praxis('eval', request('/src/a'), '--policy', policy);
    expect(yes.exit).toBe(0);
    expect(JSON.parse(yes.output)).toEqual({
      allowed: true,
      reason: 'allowed',
      violated_rule: null,
      matched_rule: 'read',
      missing_labels: [],
      obligations: [],
    });
    expect((await praxis('eval', request('/etc/a'), '--policy', policy)).exit).toBe(1);
    expect((await praxis('eval', 'no json', '--policy', policy)).exit).toBe(2);
    expect((await praxis('explain', request('/etc/a'), '--policy', policy)).output).toContain(
      'read: resource differs',
    );
  });

  it('signs, verifies and refuses a rollback', async () => {
    const policy = file('p.yaml', POLICY);
    expect((await praxis('keygen', path('k'))).exit).toBe(0);
    expect(statSync(path('k.key')).mode & 0o777).toBe(0o600);
    expect((await praxis('keygen', path('k'))).exit).toBe(3);
    expect((await praxis('sign', policy, '--key', path('k.key'), '--out', path('s.json'))).exit).toBe(0);
    expect((await praxis('verify', path('s.json'), '--key', path('k.pub'))).exit).toBe(0);
    expect((await praxis('verify', path('s.json'), '--key', path('k.pub'), '--min-revision', '4')).exit).toBe(
      1,
    );
    writeFileSync(path('s.json'), readFileSync(path('s.json'), 'utf8').replace('/src/**', '/**'));
    expect((await praxis('verify', path('s.json'), '--key', path('k.pub'))).exit).toBe(1);
    expect((await praxis('sign', policy, '--key', path('k.key'), '--days', '0')).exit).toBe(2);
  });

  it('shows which logged requests a new version answers differently', async () => {
    const before = file('a.yaml', POLICY);
    const after = file('b.yaml', POLICY.replace('/src/**', '/lib/**'));
    const request = { principal: 'agent:a', action: 'fs.read', resource: '/src/a' };
    const log = file(
      'log.jsonl',
      `${JSON.stringify(request)}\n${JSON.stringify({ request: { ...request, resource: '/x' } })}\nnoise\n`,
    );
    const { exit, output } = await praxis('diff', before, after, '--log', log);
    expect(exit).toBe(1);
    expect(output).toContain('now_denied: agent:a fs.read "/src/a"');
    expect(output).toContain('2 replayed, 1 changed, 1 lines without a request');
    expect((await praxis('diff', before, before, '--log', log)).exit).toBe(0);
  });
});
