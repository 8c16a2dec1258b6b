import {
  ACCOUNT_STEMS,
  HARMLESS_PASS_PREFIXES,
  LABEL_WORDS,
  QUANTITY_PREFIXES,
  QUANTITY_WORDS,
  SECRET_KEY_KINDS,
  SECRET_PAIRS,
  SECRET_WORDS,
  WEAK_KEY_KINDS,
  WEAK_WORDS,
} from './key-words.ts';

/**
 * What a key name says about its value: `secret` always drops it; `quantity` drops all but numbers, durations and
 * dates; `weak` drops what looks like a credential; `pin` drops four to eight digits; `dsn` is a connection string.
 */
export type Sensitivity = 'none' | 'secret' | 'quantity' | 'weak' | 'pin' | 'dsn';

/** Only the end of a longer key name is judged. */
export const KEY_NAME_CHARS_MAX = 256;

const INVISIBLE = /[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/gu;

// A name written without any boundary: `pgpassword`, `clientsecret`, `secretaccesskey`.
const RUN_TOGETHER =
  /(?:pass(?:words?|wds?|phrases?|codes?)|secrets?|tokens?|credentials?|apikeys?|privkeys?|(?:private|priv|access|session|secret|signing|encryption|master|auth|account|shared)keys?|authorization|connectionstring|connstr)/u;

const SPLIT_CORE: Readonly<Record<string, readonly string[]>> = {
  connectionstring: ['connection', 'string'],
  connstr: ['connection', 'string'],
};

function knownTail(tail: string): boolean {
  return (
    tail === '' ||
    QUANTITY_WORDS.has(tail) ||
    LABEL_WORDS.has(tail) ||
    /^(?:s|value|hash|key|keys|base|data|text|string|confirm|confirmation|old|new|current|access|accesskey|token|password|plain|plaintext|encrypted|enc|raw|prod|dev|test|staging|admin|user|root)$/u.test(
      tail,
    )
  );
}

function expandWord(word: string): readonly string[] {
  if (word.length < 5 || SECRET_WORDS.has(word)) return [word];
  const match = RUN_TOGETHER.exec(word);
  if (match !== null) {
    const core = match[0];
    const tail = word.slice(match.index + core.length);
    if (knownTail(tail)) {
      const parts = SPLIT_CORE[core] ?? splitKeyCore(core);
      const head = word.slice(0, match.index);
      return [...(head === '' ? [] : [head]), ...parts, ...(tail === '' ? [] : expandWord(tail))];
    }
    return [word];
  }
  const short = /^(.{2,12}?)(pass|pw|pwd)$/u.exec(word);
  if (short !== null && ACCOUNT_STEMS.has(short[1] as string)) return [short[1] as string, 'password'];
  return [word];
}

function splitKeyCore(core: string): readonly string[] {
  const keyed = /^(.+?)(keys?)$/u.exec(core);
  return keyed === null ? [core] : [keyed[1] as string, keyed[2] as string];
}

/** The words of a name, lower-case: camel, Pascal, snake and kebab case, dots, digits and acronyms are boundaries. */
export function nameWords(name: string): readonly string[] {
  const plain = name.slice(-KEY_NAME_CHARS_MAX).normalize('NFKC').replace(INVISIBLE, '');
  const spaced = plain
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase();
  const words: string[] = [];
  for (const word of spaced.split(/[^\p{L}]+/u)) {
    if (word !== '') words.push(...expandWord(word));
  }
  return words;
}

const ONE_TIME_CODES: ReadonlySet<string> = new Set(
  'verification mfa tfa fa auth access login sms pairing device'.split(' '),
);

function isKey(word: string | undefined): boolean {
  return word === 'key' || word === 'keys';
}

function passIsSecret(words: readonly string[], index: number): boolean {
  if (index !== words.length - 1) return false;
  const before = words[index - 1];
  return before === undefined || !HARMLESS_PASS_PREFIXES.has(before);
}

// Index of the last secret word, or -1; `end` is the index after it.
function secretEnd(words: readonly string[]): number {
  for (let index = words.length - 1; index >= 0; index -= 1) {
    const word = words[index] as string;
    const before = words[index - 1];
    if (SECRET_WORDS.has(word)) return index + 1;
    if (word === 'pass' && passIsSecret(words, index)) return index + 1;
    if (before === undefined) continue;
    if (isKey(word) && SECRET_KEY_KINDS.has(before)) return index + 1;
    if (SECRET_PAIRS.has(`${before} ${word}`)) return index + 1;
  }
  return -1;
}

function weakness(words: readonly string[]): Sensitivity {
  const last = words.at(-1);
  const before = words.at(-2);
  if (last === undefined) return 'none';
  if (last === 'pin' || last === 'pincode') return 'pin';
  if (last === 'string' && (before === 'connection' || before === 'conn')) return 'dsn';
  if (last === 'dsn') return 'dsn';
  if (isKey(last) && before !== undefined) return WEAK_KEY_KINDS.has(before) ? 'weak' : 'none';
  if (last === 'code' && before !== undefined && ONE_TIME_CODES.has(before)) return 'secret';
  if (last === 'code' || last === 'salt' || last === 'nonce' || last === 'hash' || last === 'session') {
    return words.length === 1 && last !== 'hash' ? 'weak' : 'none';
  }
  return WEAK_WORDS.has(last) ? 'weak' : 'none';
}

/** What a key name, split into words, says about its value. Total and pure. */
export function keySensitivity(name: string): Sensitivity {
  const words = nameWords(name);
  const end = secretEnd(words);
  if (end === -1) return weakness(words);
  const last = words.at(-1) as string;
  // `imagePullSecrets` lists the names of secrets.
  if (words.at(-2) === 'pull') return 'none';
  if (end < words.length) {
    if (LABEL_WORDS.has(last)) return 'none';
    if (QUANTITY_WORDS.has(last)) return 'quantity';
  }
  const plural = last === 'tokens';
  if (plural || (words.length > 1 && QUANTITY_PREFIXES.has(words[0] as string))) return 'quantity';
  if (words.length > 2 && words.slice(0, -1).some((word) => word === 'max' || word === 'min'))
    return 'quantity';
  return 'secret';
}

const QUANTITY = /^[<>~≤≥+-]?\d[\d.,:_+TZ /-]{0,39}\s?[A-Za-z%]{0,12}$/u;
const SWITCH =
  /^(?:true|false|null|none|nil|undefined|yes|no|on|off|never|always|unset|n\/a|[(<](?:none|null|nil|empty|unset|not set)[)>]|)$/iu;

/** Whether a text is a plain number, duration, size, date or switch: what a `quantity` name may show. */
export function isQuantity(text: string): boolean {
  return QUANTITY.test(text) || SWITCH.test(text);
}

/** Whether a text is a switch (`true`, `null`, `off`) that cannot itself be a secret. */
export function isSwitch(text: string): boolean {
  return SWITCH.test(text);
}

/** Whether this is the shell's `PWD` or `OLDPWD`: a directory, although `pwd` elsewhere is a password. */
export function isWorkingDirectory(name: string, value: string): boolean {
  return /^(?:OLD|INIT_)?PWD$|^pwd$/.test(name) && /^(?:~?\/|\.{1,2}\/|[A-Za-z]:[\\/])/.test(value);
}
