import { mayBeSensitive } from './command-gate.ts';
import { looksLikeCredential } from './entropy.ts';
import { isQuantity, isSwitch, isWorkingDirectory, keySensitivity, type Sensitivity } from './key-names.ts';
import { isNameKey, isValueKey } from './pair-keys.ts';
import type { Span } from './spans.ts';
import { bareNameBefore, completesName, isHeaderName, readKeyBefore, type TextKey } from './text-key.ts';
import { readTextValue, type TextValue } from './text-value.ts';

const SEPARATOR = /={1,3}>?|->|:=|:|%3[AaDd]|\\u003[aAdD]|&#61;|[：＝→⇒]/g;

/** A `value:` this far behind a `name: SECRET` still belongs to it. */
export const PAIR_DISTANCE_CHARS_MAX = 512;

/** Spans of values written beside a secret-looking key: `k=v`, `k: v`, JSON, YAML, INI, headers, query strings. */
export function keyValueSpans(text: string): Span[] {
  const scan = new KeyValueScan(text);
  SEPARATOR.lastIndex = 0;
  for (let match = SEPARATOR.exec(text); match !== null; match = SEPARATOR.exec(text)) {
    const resume = scan.step(match.index, match[0]);
    SEPARATOR.lastIndex = Math.max(resume, match.index + match[0].length);
  }
  return scan.spans;
}

class KeyValueScan {
  readonly spans: Span[] = [];
  readonly #text: string;
  readonly #judged = new Map<string, Sensitivity>();
  readonly #dull = new Map<string, boolean>();
  #pairedUntil = -1;

  constructor(text: string) {
    this.#text = text;
  }

  // Judges one separator; answers where scanning goes on.
  step(index: number, separator: string): number {
    const after = index + separator.length;
    if (this.#isDull(index)) return after;
    const key = readKeyBefore(this.#text, index);
    if (key === null || isUrlScheme(this.#text, separator, after)) return after;
    const sensitivity = this.#sensitivity(key);
    if (sensitivity !== 'none') return this.#secretValue(key, sensitivity, { after, separator });
    if (this.#pairedUntil >= index && isValueKey(key.name)) {
      this.#pairedUntil = -1;
      return this.#secretValue(key, 'secret', { after, separator });
    }
    if (isNameKey(key.name)) this.#openPair(key, after, separator);
    return after;
  }

  // Most names before a separator mean nothing; the same names recur, so each is judged once.
  #isDull(index: number): boolean {
    const name = bareNameBefore(this.#text, index);
    if (name === '') return false;
    if (isNumeral(name)) return true;
    const known = this.#dull.get(name);
    if (known !== undefined) return known;
    const dull =
      !completesName(name) &&
      (!mayBeSensitive(name) || keySensitivity(name) === 'none') &&
      !isNameKey(name) &&
      !isValueKey(name) &&
      !isHeaderName(name);
    this.#dull.set(name, dull);
    return dull;
  }

  #sensitivity(key: TextKey): Sensitivity {
    if (key.isPath) return 'none';
    const known = this.#judged.get(key.name);
    if (known !== undefined) return known;
    const sensitivity = keySensitivity(key.name);
    this.#judged.set(key.name, sensitivity);
    return sensitivity;
  }

  #secretValue(key: TextKey, sensitivity: Sensitivity, at: { after: number; separator: string }): number {
    const value = readTextValue(this.#text, key, at);
    if (value === null) return at.after;
    if (isHeaderName(key.name) ? !isReference(value.text) : drops(sensitivity, key, value)) {
      this.spans.push({ start: value.start, end: value.end });
      return value.resume;
    }
    return at.after;
  }

  #openPair(key: TextKey, after: number, separator: string): void {
    const value = readTextValue(this.#text, key, { after, separator });
    if (value === null || value.text.length > 128) return;
    const sensitivity = keySensitivity(value.text);
    const isSecret = sensitivity === 'secret' || (sensitivity === 'none' && isHeaderName(value.text));
    this.#pairedUntil = isSecret ? value.end + PAIR_DISTANCE_CHARS_MAX : -1;
  }
}

// `https://…`: the colon belongs to a scheme, not to a key.
function isUrlScheme(text: string, separator: string, after: number): boolean {
  return separator === ':' && text.startsWith('//', after);
}

const TYPE_NAME =
  /^(?:string|str|String|number|boolean|bool|int|integer|text|bytes|object|any|unknown|array|list|dict)$/;
const REFERENCE =
  /^(?:\$\{\{[^{}]{0,128}\}\}|\{\{[^{}]{0,128}\}\}|\$\{[A-Za-z_][A-Za-z0-9_.]{0,64}\}|\$[A-Z][A-Z0-9]*_[A-Z0-9_]{1,64}|(?:var|local|module|data|random_password|secrets|params)\.[a-z_][a-z0-9_.]{1,80}|(?:process\.env|os\.environ|os\.getenv|System\.getenv|import\.meta\.env)[.[(][\w.'")\]]{1,80};?)$/;

// `passwd: password updated successfully`: what follows tells of the password, in words alone; `passwd:chauthtok` is PAM's.
const REMARK =
  /^(?:password|authentication|token|all authentication tokens) (?:updated|changed|unchanged|expired|expiry|updated successfully|is|has|have|information)(?: [a-z]{1,16}){0,6}\.?$|^(?:chauthtok|setcred)$/;

// `Bearer $API_TOKEN`: the name of a secret is not the secret.
function isReference(text: string): boolean {
  return text.length < 256 && REFERENCE.test(text.replace(/^(?:Bearer|Basic|Token) /i, ''));
}

function drops(sensitivity: Sensitivity, key: TextKey, value: TextValue): boolean {
  const text = value.text;
  if (isWorkingDirectory(key.name, text)) return false;
  if (text === '' || isSwitch(text)) return false;
  if (isReference(text) || REMARK.test(text)) return false;
  switch (sensitivity) {
    case 'secret':
      return !isCount(key, text) && !(TYPE_NAME.test(text) && !value.quoted);
    case 'quantity':
      return !isQuantity(text.replace(/[,;]$/, ''));
    case 'weak':
      return key.inQuery ? looksLikeCredential(text, 6) || text.length >= 20 : looksLikeCredential(text, 12);
    case 'pin':
      return /^\d{4,8}$/.test(text);
    case 'dsn':
      return !/[=@]|:\/\//.test(text) && !value.quoted && text.length >= 8;
    case 'none':
      return false;
  }
}

// `pass: 12, fail: 0` counts tests.
function isCount(key: TextKey, text: string): boolean {
  return /^pass$/i.test(key.name) && /^\d{1,3}$/.test(text);
}

// `10:15:07`: half of the colons of a log stand behind digits.
function isNumeral(name: string): boolean {
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return true;
}
