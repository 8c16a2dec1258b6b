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

describe('the rules an operator adds, in the shells of Windows', () => {
  const deny = parseOperatorDenyRules(`deny:
  - { code: no-shutdown, command: shutdown }
  - { code: no-spooler, command: stop-service, args: [spool*] }
  - { code: no-force, command: restart-computer, args: [-Force] }
  - { code: no-erase, command: erase, args: ['*.log'] }
  - { code: no-remote, command: psexec*, args: ['\\\\\\\\prod-*'] }
`);
  const deniedBy = (command: string, shell: 'powershell' | 'cmd' | 'bash'): string | null => {
    const { denied, reasons } = classify(command, { shell, deny });
    return denied ? (reasons.find(({ code }) => code.startsWith('no-'))?.code ?? 'other') : null;
  };

  it.each([
    ['shutdown /r /t 0', 'no-shutdown'],
    ['C:\\Windows\\System32\\SHUTDOWN.EXE /a', 'no-shutdown'],
    ['& "shut$("")down" /a', 'no-shutdown'],
    ["& ('shut' + 'down') /a", 'no-shutdown'],
    ['if ($true) { & shutdown.exe -a }', 'no-shutdown'],
    ['Start-Process shutdown -ArgumentList "/a"', 'no-shutdown'],
    ['Invoke-Expression "shutdown /a"', 'no-shutdown'],
    ['cmd /c "shutdown /a"', 'no-shutdown'],
    ['STOP-SERVICE Spooler', 'no-spooler'],
    ['Stop-Service -Name bits,spooler', 'no-spooler'],
    ['spsv spooler', 'no-spooler'],
    ['Microsoft.PowerShell.Management\\Stop-Service spooler', 'no-spooler'],
    ['Restart-Computer -fo', 'no-force'],
    ['Restart-Computer -Force:$true', 'no-force'],
    ['psexec64 \\\\prod-db hostname', 'no-remote'],
  ])('deny %s in PowerShell', (command, code) => {
    expect(deniedBy(command, 'powershell')).toBe(code);
  });

  it.each([
    ['shutdown /a', 'no-shutdown'],
    ['s^hut"d"own /a', 'no-shutdown'],
    ['set x=shutdown\n%x% /a', 'no-shutdown'],
    ['dir && call "C:\\tools\\shutdown.exe" /a', 'no-shutdown'],
    ["for /f %i in ('shutdown /a') do echo %i", 'no-shutdown'],
    ['start "" shutdown /a', 'no-shutdown'],
    ['powershell -Command "shutdown /a"', 'no-shutdown'],
    ['powershell -EncodedCommand cwBoAHUAdABkAG8AdwBuACAALwBhAA==', 'no-shutdown'],
    ['del C:\\app\\x.log', 'no-erase'],
    ['erase a.txt,b.log', 'no-erase'],
  ])('deny %s in cmd.exe', (command, code) => {
    expect(deniedBy(command, 'cmd')).toBe(code);
  });

  it.each([
    ['echo shutdown', 'cmd'],
    ['rem shutdown /a', 'cmd'],
    ['dir shutdown', 'cmd'],
    ['del x.txt', 'cmd'],
    ['Write-Output shutdown', 'powershell'],
    ['Get-Service spooler', 'powershell'],
    ['Stop-Service bits', 'powershell'],
    ['Restart-Computer', 'powershell'],
    ['# shutdown /a', 'powershell'],
  ] as const)('leave %s alone', (command, shell) => {
    expect(deniedBy(command, shell)).toBeNull();
  });

  it('hold when bash starts such a shell', () => {
    expect(deniedBy("pwsh -Command 'Stop-Service spooler'", 'bash')).toBe('no-spooler');
    expect(deniedBy("cmd.exe /c 'del x.log'", 'bash')).toBe('no-erase');
  });
});
