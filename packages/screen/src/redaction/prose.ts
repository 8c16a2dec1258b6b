import { looksLikeCredential } from './entropy.ts';
import { keySensitivity } from './key-names.ts';
import { quotedArgumentSpans } from './prose-code.ts';
import { matchesOf } from './matches.ts';
import type { Span } from './spans.ts';
import { insertedSpans } from './sql-insert.ts';

// `the password is X`, `requirepass X`, `login bob password X` (netrc), `IDENTIFIED BY 'X'`.
const STATED =
  /\b(?<!-)(password|passwd|passphrase|passcode|pwd|secret|token|api[ _-]?key|requirepass|masterauth|credential|otp|pin)(\s{1,4}(?:is|was|are|set to|to|of|as|=|with|hash|value)(?=\s))?\s{1,4}(?:\d\s)?(?:"([^"\n]{1,1024})"|'((?:[^'\n]|''){1,1024})'|`([^`\n]{1,1024})`|([^\s"'`]{4,1024}))/gi;
const IDENTIFIED =
  /(?:IDENTIFIED\s{1,4}(?:WITH\s{1,4}\S{1,64}\s{1,4})?(?:BY|AS)\s{1,4}(?:PASSWORD\s{1,4})?|PASSWORD\s{0,4}\(\s{0,4})(?:'((?:[^'\\]|\\.|''){1,1024})'|"([^"]{1,1024})")/gi;
const SECURE_STRING =
  /ConvertTo-SecureString\s{1,4}(?:-(?:String|AsPlainText|Force)\s{1,4}){0,3}(?:"([^"]{1,1024})"|'([^']{1,1024})'|([^\s"'$-][^\s]{0,1023}))/gi;
const PIPED =
  /\b(?<!-)(?:echo|printf)\s{1,4}(?:-[neE]{1,3}\s{1,4}|'%s(?:\\n)?'\s{1,4}|"%s(?:\\n)?"\s{1,4})?(?:"([^"\n]{1,1024})"|'([^'\n]{1,1024})'|([^\s"'|;&]{1,1024}))\s{0,4}\|\s{0,4}[^\n|;&]{0,256}?(?:--password-stdin|--with-token|\bsudo\s(?:[^\n|;&]{0,32}\s)?-\w{0,4}S|passwd\s[^\n|;&]{0,64}--stdin|chpasswd|--token-stdin|-passin stdin|passphrase-fd 0|\b(?:cryptsetup|kinit|smbpasswd)\b)/g;
const NETRC =
  /\b(?<!-)(?:login|user|username|account)\s{1,8}\S{1,128}\s{1,8}(?:password|passwd|pass)\s{1,8}(?!(?:expire|null|never|default|history|reuse|require|for)\b)(\S{1,1024})/gi;

// `password for bob: X`, `token (new): X`.
const ATTRIBUTED =
  /\b(?<!-)(?:password|passwd|passphrase|secret|token|api[ _-]?key)\s{1,4}(?:(?:(?:is|was)\s(?:generated|created|set)\s)?(?:for|of)\s{1,4}(?:user\s{1,4})?[^\s:=]{1,64}|\([^()\n]{1,64}\)|is|was|value)\s{0,4}[:=]\s{0,4}(\S{4,1024})/gi;
const ONE_TIME =
  /\b(?<!-)(?:otp|pin|passcode|(?:verification|one-time|security|login|access)\s(?:pass)?code)\s{1,4}(?:is|was)\s{1,4}(\d{4,8})(?!\w)/gi;
// `('token', 'X')` in printed code.
const TUPLE = /[[(]\s{0,4}(["'])([\w.-]{2,64})\1\s{0,4},\s{0,4}(["'])([^"'\n]{1,1024})\3\s{0,4}[\])]/g;

const COMMON =
  /^(?:is|was|are|the|and|or|for|has|must|expired|invalid|reset|rotation|required|policy|manager|missing|incorrect|wrong|changed|field|file|hash|auth|stored|rejected)\b/i;

// What every rule below needs, in words.
const SIGN =
  /pass|pwd|secret|variable|insert|replace|\breg|&lt;|name=|token|key|masterauth|credential|otp|pin|code|identified|securestring|echo|printf|login|user|account|uid|auth|sql|expdp|impdp|rman|cryptsetup|kinit|gpg|sudo|std|community|:(?:\*|54\d\d|6432):|["']\s{0,4},|\|/i;

/** Spans of secrets told in words, SQL, PowerShell or a pipe rather than beside a separator. */
export function proseSpans(text: string): Span[] {
  if (!SIGN.test(text)) return [];
  const spans: Span[] = [];
  for (const match of matchesOf(text, STATED)) {
    const quoted = match[3] ?? match[4] ?? match[5];
    const value = quoted ?? match[6] ?? '';
    const end = match.index + match[0].length - (quoted === undefined ? 0 : 1);
    if (quoted === undefined ? isStated(value) : !COMMON.test(quoted) && isQuotedSecret(match, quoted)) {
      spans.push({ start: end - value.length, end });
    }
  }
  for (const match of matchesOf(text, ATTRIBUTED)) {
    const value = match[1] as string;
    const end = match.index + match[0].length;
    if (isStated(value)) spans.push({ start: end - value.length, end });
  }
  for (const match of matchesOf(text, TUPLE)) {
    const value = match[4] as string;
    if (keySensitivity(match[2] as string) !== 'secret' || /^[a-z_]+$/i.test(value)) continue;
    const start = match.index + match[0].lastIndexOf(value);
    spans.push({ start, end: start + value.length });
  }
  spans.push(...quotedArgumentSpans(text), ...insertedSpans(text));
  for (const pattern of [IDENTIFIED, SECURE_STRING, PIPED, NETRC, ONE_TIME])
    spans.push(...groupSpans(text, pattern));
  return spans;
}

function isStated(value: string): boolean {
  const bare = value.replace(/[.,;:!?)]+$/, '');
  if (/[=:]/.test(bare) && /^[\w.-]+[=:]/.test(bare)) return false;
  return (
    looksLikeCredential(bare, 6) &&
    !/^[a-z][a-z0-9]*(?:[-_./][a-z0-9]+)+$/.test(bare) &&
    !/^#?\d+[a-z]{0,2}$/.test(bare)
  );
}

function isQuotedSecret(match: RegExpMatchArray, quoted: string): boolean {
  if (!/[\p{L}\p{N}]/u.test(quoted)) return false;
  if (match[2] !== undefined) return true;
  return (
    !/^(?:[a-z]+(?:[-_. ][a-z]+)*)$/i.test(quoted) ||
    /^(?:password|passwd|passphrase|pwd)$/i.test(match[1] as string)
  );
}

function groupSpans(text: string, pattern: RegExp): Span[] {
  const spans: Span[] = [];
  for (const match of matchesOf(text, pattern)) {
    const value = match.slice(1).find((group) => group !== undefined);
    if (value === undefined) continue;
    const start = match.index + match[0].lastIndexOf(value, match[0].length);
    const first = match.index + match[0].indexOf(value);
    spans.push({
      start: pattern === PIPED ? first : start,
      end: (pattern === PIPED ? first : start) + value.length,
    });
  }
  return spans;
}
