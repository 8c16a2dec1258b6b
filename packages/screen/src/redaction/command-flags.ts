import { CLIENT_OPTIONS, OPERAND_SECRETS, type SecretOption } from './command-clients.ts';
import { looksLikeCredential } from './entropy.ts';
import { isQuantity, keySensitivity } from './key-names.ts';
import type { ShellWord } from './shell-words.ts';

/** A part of a word that is secret: `from` counts in characters of the word's value, to its end. */
export interface SecretPart {
  readonly word: number;
  readonly from: number;
}

const CLIENT_NAME = /(?:^|[/\\])([A-Za-z0-9_-]{1,40})(?:\.exe)?$/;
const FLAG = /^(?:--?|\/)([A-Za-z][\w.-]{0,63})$/;
const NOT_ASKED =
  /^(?:no|ask|prompt|show|without|use|skip|stdin|has|hide|print|with|enable|disable|allow)[-_]/i;

// In a sentence about a flag the next word is prose, not a value.
const PROSE: ReadonlySet<string> = new Set(
  'flag option options parameter parameters argument switch to is are and or for from on with was were must should can may instead in if when then it the a an as by not has not does via that this which prompts requires'.split(
    ' ',
  ),
);

/**
 * The secret parts of a command's words: values of credential flags, of one-letter options of known clients, and of
 * operands such as `net user NAME PASSWORD`. One pass over the words.
 */
export function commandSecrets(words: readonly ShellWord[]): SecretPart[] {
  const parts: SecretPart[] = [];
  let options: readonly SecretOption[] = [];
  let commandStart = 0;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as ShellWord;
    if (word.startsCommand) {
      options = [];
      commandStart = index;
    }
    const first = word.value.charCodeAt(0);
    const mayBeOption = first === HYPHEN || first === SLASH;
    const client = first === HYPHEN ? null : knownClient(word.value);
    if (client?.options !== undefined) options = client.options;
    if (mayBeOption) {
      parts.push(...flagParts(words, index));
      if (options.length > 0) parts.push(...optionParts(words, index, { options, commandStart }));
    }
    if (client?.opensOperands === true) parts.push(...operandParts(words, index));
  }
  return parts;
}

const HYPHEN = 45;
const SLASH = 47;

interface KnownClient {
  readonly options?: readonly SecretOption[];
  readonly opensOperands: boolean;
}

const KNOWN_MAX = 4096;
const known = new Map<string, KnownClient | null>();

// What a word says as the name of a program. Words recur, so answers are kept, no more than a fixed number of them.
function knownClient(word: string): KnownClient | null {
  if (word.length > 256) return null;
  const cached = known.get(word);
  if (cached !== undefined) return cached;
  const name = baseName(word);
  const options = CLIENT_OPTIONS.find((entry) => entry.client.test(name))?.options;
  const opensOperands = OPERAND_SECRETS.some(({ words: [first] }) => first?.test(name) === true);
  const client =
    options === undefined && !opensOperands
      ? null
      : { ...(options === undefined ? {} : { options }), opensOperands };
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(word, client);
  return client;
}

/** Only the first words of a command tell which subcommand it is. */
const SEEN_WORDS_MAX = 16;

function baseName(word: string): string {
  return word.length > 256 ? '' : (CLIENT_NAME.exec(word)?.[1] ?? word).toLowerCase();
}

function looksLikeFlag(value: string): boolean {
  return /^--?[A-Za-z][A-Za-z-]*(?:=.*)?$/s.test(value);
}

function isReference(value: string): boolean {
  return /^\$\{[A-Za-z_]\w{0,63}\}$|^\$[A-Z][A-Z0-9]*_[A-Z0-9_]{1,63}$|^"?\$\(/.test(value);
}

// `--password X`, `-token X`, `/pass X`.
function flagParts(words: readonly ShellWord[], index: number): SecretPart[] {
  const flag = FLAG.exec((words[index] as ShellWord).value);
  const next = words[index + 1];
  if (flag === null || next === undefined || next.startsCommand) return [];
  const name = flag[1] as string;
  if (name.length < 3) return [];
  // `--with-token` alone is a switch; what follows it is a token only when it looks like one.
  if (NOT_ASKED.test(name) && !(/^with-/i.test(name) && looksLikeCredential(next.value, 6))) return [];
  if ((words[index] as ShellWord).value.startsWith('/') && !/^pass(?:word)?$/i.test(name)) return [];
  const sensitivity = keySensitivity(name);
  if (sensitivity !== 'secret' && sensitivity !== 'quantity' && sensitivity !== 'weak') return [];
  const value = next.value;
  if (looksLikeFlag(value) || isReference(value) || value === '') return [];
  if (sensitivity === 'quantity' && isQuantity(value)) return [];
  if (sensitivity === 'weak' && !looksLikeCredential(value, 12)) return [];
  if (PROSE.has(value) && words[index + 2] !== undefined) return [];
  return [{ word: index + 1, from: 0 }];
}

interface CommandState {
  readonly options: readonly SecretOption[];
  readonly commandStart: number;
}

// Whether one of the first words of this command, up to the option itself, is what the option needs.
function hasSeen(words: readonly ShellWord[], index: number, state: CommandState, needed: RegExp): boolean {
  const end = Math.min(index + 1, state.commandStart + SEEN_WORDS_MAX);
  for (let at = state.commandStart; at < end; at += 1) {
    if (needed.test(baseName((words[at] as ShellWord).value))) return true;
  }
  return false;
}

function optionParts(words: readonly ShellWord[], index: number, state: CommandState): SecretPart[] {
  const { value } = words[index] as ShellWord;
  for (const option of state.options) {
    if (option.needs !== undefined && !hasSeen(words, index, state, option.needs)) continue;
    if (value === option.flag && option.spaced) {
      const next = words[index + 1];
      if (next === undefined || next.startsCommand || looksLikeFlag(next.value)) return [];
      return secretBehind(next.value, index + 1, 0, option);
    }
    const isGlued = option.glued && value.startsWith(option.flag) && value.length > option.flag.length;
    if (isGlued && !value.startsWith('--')) return secretBehind(value, index, option.flag.length, option);
    // `-sSu ann:…`: switches of one letter gathered before the option.
    if (option.behind !== undefined && option.spaced && isGathered(value, option.flag)) {
      const next = words[index + 1];
      return next === undefined || next.startsCommand ? [] : secretBehind(next.value, index + 1, 0, option);
    }
    if (value.startsWith(`${option.flag}=`) && option.flag.startsWith('--')) {
      return secretBehind(value, index, option.flag.length + 1, option);
    }
  }
  return [];
}

function isGathered(value: string, flag: string): boolean {
  return flag.length === 2 && /^-[A-Za-z]{2,8}$/.test(value) && value.endsWith(flag.slice(1));
}

function secretBehind(value: string, word: number, from: number, option: SecretOption): SecretPart[] {
  if (isReference(value.slice(from)) || /^[a-z]{2,6}:\/\//.test(value.slice(from, from + 16))) return [];
  if (option.behind === undefined) return [{ word, from }];
  const at = value.indexOf(option.behind, from);
  return at === -1 || at + 1 >= value.length ? [] : [{ word, from: at + 1 }];
}

// A flag, or a clause of SQL: `SET PASSWORD FOR …`.
const NO_OPERAND = /^[-/]|^(?:expire|null|never|default|history|reuse|require|for)$/i;

function operandParts(words: readonly ShellWord[], index: number): SecretPart[] {
  const parts: SecretPart[] = [];
  for (const { words: pattern, skip, count } of OPERAND_SECRETS) {
    if (!matchesAt(words, index, pattern)) continue;
    for (let operand = 0; operand < count; operand += 1) {
      let at = index + pattern.length + skip + operand;
      // `set PASSWORD to X`
      if (words[at]?.value === 'to' || words[at]?.value === '=') at += 1;
      const word = words[at];
      if (word === undefined || word.startsCommand || NO_OPERAND.test(word.value)) break;
      parts.push({ word: at, from: 0 });
    }
  }
  return parts;
}

// `db.password`, `//registry.example/:_authToken`.
function isSecretName(value: string): boolean {
  return (
    /^(?:[A-Za-z_]|\/\/)[\w./:-]*$/.test(value) && keySensitivity(value.replace(/^.*[/:]/, '')) === 'secret'
  );
}

function matchesAt(words: readonly ShellWord[], index: number, pattern: readonly RegExp[]): boolean {
  return pattern.every((expected, offset) => {
    const word = words[index + offset];
    if (word === undefined || word.value.length > 256) return false;
    if (offset > 0 && word.startsCommand) return false;
    if (expected.source === '^SECRETNAME$') return isSecretName(word.value);
    return expected.test(offset === 0 ? baseName(word.value) : word.value);
  });
}
