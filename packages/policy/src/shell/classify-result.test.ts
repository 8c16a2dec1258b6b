import { describe, expect, it } from 'vitest';
import { classifyTree } from './classified-tree.ts';
import { classify } from './classify.ts';
import { RULESET_VERSION } from './ruleset-version.ts';
import { COMMANDS_MAX, NESTED_SHELLS_MAX } from './shell-context.ts';

function codesOf(command: string): string[] {
  return classify(command).reasons.map((reason) => reason.code);
}

describe('the result of classify', () => {
  it('carries the normalised arguments of one static simple command', () => {
    expect(classify(`r'm' -rf "/"`).argv).toEqual(['rm', '-rf', '/']);
    expect(classify('echo {a,b}').argv).toEqual(['echo', 'a', 'b']);
    expect(classify("printf 'a b'").argv).toEqual(['printf', 'a b']);
  });

  it.each([
    'ls | wc',
    'ls; ls',
    'ls > x',
    'A=1 ls',
    'ls $x',
    'ls *.txt',
    'ls ~',
    'ls &',
    'cd /tmp',
    'source x',
    '(ls)',
    '',
    '! ls',
    'ls "',
  ])('carries none for %j', (command) => {
    expect(classify(command).argv).toBeNull();
  });

  it('says where in the text the reason stands, and which table entry it is', () => {
    const command = 'ls; rm -rf /opt/x';
    const reason = classify(command).reasons[0];
    expect(reason?.tier).toBe('T3');
    expect(classify(command).reasons.some((found) => found.entry === 'rm')).toBe(true);
    const located = classify('echo hi > /etc/motd').reasons.find((found) => found.span !== undefined);
    expect('echo hi > /etc/motd'.slice(located?.span?.start, located?.span?.end)).toBe('/etc/motd');
  });

  it('names the rule of the deny list', () => {
    expect(codesOf('rm -rf /')).toContain('root-wipe');
    expect(codesOf('rm -rf /etc')).toContain('system-tree-wipe');
    expect(codesOf('dd if=x of=/dev/sda')).toContain('disk-overwrite');
    expect(codesOf('chmod -R 777 /')).toContain('root-permissions');
    expect(codesOf(':(){ :|:& };:')).toContain('fork-bomb');
    expect(codesOf('git push -f origin main')).toContain('forced-push-trunk');
  });

  it('flattens the tree for display', () => {
    const lines = classifyTree(classify("sudo sh -c 'ls; reboot'"));
    expect(lines[0]).toMatchObject({ depth: 0, kind: 'script', tier: 'T3' });
    expect(lines.map((line) => line.text)).toEqual(expect.arrayContaining(['ls', 'reboot']));
    expect(lines.find((line) => line.text === 'ls')?.tier).toBe('T0');
  });

  it('adds the rules of the operator to the deny list, wherever the command stands', () => {
    const deny = [{ code: 'no-prod', command: 'kubectl', args: ['--context', 'prod*'] }];
    expect(classify('kubectl --context prod-1 get pods', { deny })).toMatchObject({
      denied: true,
      tier: 'T3',
    });
    expect(classify("timeout 5 sh -c 'kubectl --context prod get pods'", { deny }).denied).toBe(true);
    expect(classify('kubectl --context dev get pods', { deny }).denied).toBe(false);
  });

  it('takes relative paths from the given directory', () => {
    expect(classify('rm -rf *', { cwd: '/' }).denied).toBe(true);
    expect(classify('touch x', { cwd: '/etc' }).tier).toBe('T2');
    expect(classify('touch x', { cwd: '/srv/app' }).tier).toBe('T1');
    expect(classify('rm -rf ../..', { cwd: '/a/b' }).denied).toBe(true);
  });

  it('hands other shells to their own front ends', () => {
    expect(classify('Get-Date', { shell: 'powershell' }).tier).toBe('T0');
    expect(classify('Remove-Item C:\\x -Recurse', { shell: 'powershell' }).tier).toBe('T3');
    expect(classify('rd /s /q C:\\x', { shell: 'cmd' }).tier).toBe('T3');
    expect(classify("pwsh -c 'Remove-Item -Recurse x'").tier).toBe('T3');
  });

  it('rounds up past its bounds', () => {
    const nested = (depth: number): string => {
      let text = 'ls';
      for (let i = 0; i < depth; i++) text = `eval ${text}`;
      return text;
    };
    expect(classify(nested(3)).tier).toBe('T0');
    expect(classify(nested(NESTED_SHELLS_MAX + 1)).tier).toBe('T3');
    expect(classify('ls;'.repeat(COMMANDS_MAX)).tier).toBe('T0');
    expect(classify('ls;'.repeat(COMMANDS_MAX + 1)).tier).toBe('T3');
  });

  it('versions itself by a digest', () => {
    expect(RULESET_VERSION).toMatch(/^sha256:[0-9a-f]{32}$/);
  });
});
