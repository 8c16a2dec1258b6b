import { type ShellContext, spanIn } from './shell-context.ts';
import type { Verdict } from './verdict.ts';
import { literalValue, unknownValue, type WordValue } from './word.ts';

/** Keys of git's configuration whose value is run. */
const GIT_COMMAND_KEY =
  /^(?:alias\..+|core\.(?:pager|editor|sshcommand|askpass|gitproxy|fsmonitor|hookspath|attributesfile)|pager\..+|sequence\.editor|diff\.external|(?:diff|merge|difftool|mergetool)\..+\.?(?:command|textconv|driver|cmd|path)|filter\..+\.(?:clean|smudge|process)|gpg\.(?:.+\.)?program|credential\.(?:.+\.)?helper|uploadpack\.packobjectshook|protocol\..*allow|include(?:if)?\..*path|ssh\.variant|interactive\.difffilter|sendemail\..*cmd|web\.browser|browser\..+|man\..+|remote\..+\.(?:uploadpack|receivepack|vcs)|trailer\..+|core\.alternaterefscommand|receive\..+|submodule\..+\.update|url\..+)$/i;

/** `git -c key=value`: only keys whose value is run matter. */
export function judgeGitConfig(
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  const span = spanIn(context, value);
  const equals = value.text.indexOf('=');
  const key = equals < 0 ? value.text : value.text.slice(0, equals);
  if (value.kind !== 'literal' && equals < 0) {
    verdict.raise(3, 'unknown-configuration', 'the configuration key is not known', span, entry);
    return;
  }
  if (!GIT_COMMAND_KEY.test(key)) return;
  const text = value.text.slice(equals + 1);
  const isPlain = /^(?:false|true|cat|less(?: -\w+)*|no|never|)$/.test(text);
  if (value.kind === 'literal' && isPlain) return;
  verdict.raise(2, 'git-runs-configuration', `${key} is run by git`, span, entry);
  const isAlias = /^alias\./i.test(key);
  if (isAlias && !text.startsWith('!')) {
    const words = text.split(/\s+/).map((word) => literalValue(word, value.start, value.end));
    context.engine.judgeArguments(
      [literalValue('git', value.start, value.end), ...words],
      context,
      verdict,
      undefined,
    );
    return;
  }
  const command = literalValue(isAlias ? text.slice(1) : text.replace(/^!/, ''), value.start, value.end);
  context.engine.judgeText(
    value.kind === 'literal' ? command : unknownValue(value.start, value.end),
    context,
    verdict,
    { kind: 'git' },
  );
}

/** Keys of apt's configuration whose value is run as a command, or says where programs lie. */
const APT_COMMAND_KEY =
  /(?:invoke|install-pkgs|^dir::bin|^dir::etc|proxy-auto-detect|::commandline|solver|tools)/i;

/** `apt -o Key=value`: keys that run a command. */
export function judgeAptOption(
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  const equals = value.text.indexOf('=');
  if (value.kind === 'literal' && equals >= 0 && !APT_COMMAND_KEY.test(value.text.slice(0, equals))) return;
  verdict.raise(2, 'apt-runs-configuration', 'the option may be run by apt', spanIn(context, value), entry);
  const text =
    value.kind === 'literal' && equals >= 0
      ? literalValue(value.text.slice(equals + 1), value.start, value.end)
      : unknownValue(value.start, value.end);
  context.engine.judgeText(text, context, verdict, { kind: 'apt' });
}

const SSH_COMMAND_KEY =
  /^(?:proxycommand|localcommand|knownhostscommand|remotecommand|match|pkcs11provider|securitykeyprovider|include|xauthlocation)$/i;

/** `ssh -o Key=value`: keys that run a command here. */
export function judgeSshOption(
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  const found = /^\s*([A-Za-z0-9]+)\s*[=\s]\s*(.*)$/s.exec(value.text);
  const key = found?.[1] ?? value.text;
  if (value.kind !== 'literal' && found === null) {
    verdict.raise(3, 'unknown-configuration', 'the option is not known', spanIn(context, value), entry);
    return;
  }
  if (!SSH_COMMAND_KEY.test(key)) return;
  const text = found?.[2] ?? '';
  if (text === 'none') return;
  const isConditional = /^match$/i.test(key) && /exec/i.test(text);
  verdict.raise(
    isConditional ? 3 : 2,
    'ssh-runs-configuration',
    `${key} is run by ssh`,
    spanIn(context, value),
    entry,
  );
  const command =
    value.kind === 'literal'
      ? literalValue(text, value.start, value.end)
      : unknownValue(value.start, value.end);
  context.engine.judgeText(command, context, verdict, { kind: 'ssh' });
}
