import { isDigestLike, looksLikeCredential, looksRandom } from './entropy.ts';
import { matchesOf } from './matches.ts';
import type { Span } from './spans.ts';

// The mark is looked for first: trying a scheme at every letter of a text is slow.
const SCHEME_MARK = /:(?:\\?\/){2}|%3[Aa]%2[Ff]%2[Ff]/g;
const SCHEME_NAME = /[A-Za-z][A-Za-z0-9+.-]{0,31}$/;
const URL_STOP = /[\s"'<>`{}|^\\]/;

/** The user information of a URL is looked for this far behind its scheme. */
export const AUTHORITY_CHARS_MAX = 4096;

/** Spans of credentials in the authority of URLs: `user:password@`, `token@`; the user name and host stay. */
export function urlSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const match of matchesOf(text, SCHEME_MARK)) {
    const name = SCHEME_NAME.exec(text.slice(Math.max(0, match.index - 32), match.index))?.[0];
    if (name === undefined && match[0].startsWith(':')) continue;
    const scheme = match[0].startsWith(':') ? `${name}:` : '%3a';
    const span = userInfoSpan(text, match.index + match[0].length, scheme.toLowerCase());
    if (span !== null) spans.push(...span);
  }
  if (!text.includes('@')) return spans;
  for (const match of matchesOf(text, BARE_USER_INFO)) {
    const [whole, user, password] = match as unknown as [string, string, string];
    if (ADDRESS_LABELS.has(user.toLowerCase())) continue;
    const start = match.index + user.length + 1;
    if (whole.length > 0 && !password.startsWith('//')) spans.push({ start, end: start + password.length });
  }
  if (!text.includes('thin:')) return spans;
  for (const match of matchesOf(text, ORACLE_THIN)) {
    const start = match.index + match[0].length - (match[1] as string).length;
    spans.push({ start, end: start + (match[1] as string).length });
  }
  return spans;
}

const BARE_USER_INFO =
  /(?<![\w./:%@+-])([A-Za-z_][\w.+-]{0,63}):([^\s:@/"'<>(),;=]{2,256})@(?!sha\d)(?:[A-Za-z][\w.-]{1,253}|\d{1,3}(?:\.\d{1,3}){3})(?![\w.-])/g;
const ORACLE_THIN = /(?<=thin:[^\s/@:]{1,64}\/)([^\s@/]{1,256})(?=@)/g;

const ADDRESS_LABELS: ReadonlySet<string> = new Set(
  'email e-mail mail mailto from to cc bcc user username contact author sip sips xmpp acct owner login principal maintainer sender recipient by account ssh reply-to svc serviceaccount group domain upn npm git workspace image id name host'.split(
    ' ',
  ),
);

function userInfoSpan(text: string, from: number, scheme: string): Span[] | null {
  const limit = Math.min(text.length, from + AUTHORITY_CHARS_MAX);
  let end = from;
  let slash = -1;
  let lastAt = -1;
  let lastAtInAuthority = -1;
  for (; end < limit; end += 1) {
    const char = text[end] as string;
    if (char === '@') {
      lastAt = end;
      if (slash === -1) lastAtInAuthority = end;
    } else if ((char === '/' || char === '?' || char === '#') && slash === -1) slash = end;
    else if (char === ',' && lastAt !== -1 && slash !== -1) break;
    else if (char === ':' && text.startsWith('//', end + 1))
      break; // The next URL begins.
    else if (URL_STOP.test(char)) break;
  }
  if (lastAt === -1) return null;
  const at =
    lastAtInAuthority === -1 ? unescapedPasswordAt(text, { from, slash, lastAt }) : lastAtInAuthority;
  return at === -1 ? null : credentialSpans(text, from, at, scheme);
}

// `u:p/w@host`: a slash in the password. `host:8080/a@b` is a port and a path.
function unescapedPasswordAt(text: string, at: { from: number; slash: number; lastAt: number }): number {
  const colon = text.indexOf(':', at.from);
  if (colon === -1 || colon > at.slash || colon === at.from) return -1;
  return /^\d{1,5}$/.test(text.slice(colon + 1, at.slash)) ? -1 : at.lastAt;
}

function credentialSpans(text: string, from: number, at: number, scheme: string): Span[] | null {
  const colon = text.indexOf(':', from);
  const hasPassword = colon !== -1 && colon < at;
  const user = text.slice(from, hasPassword ? colon : at);
  const spans: Span[] = [];
  if (hasPassword && colon + 1 < at) {
    if (!/^(?:\$\{[A-Z_]+\}|x-oauth-basic)$/.test(text.slice(colon + 1, at)))
      spans.push({ start: colon + 1, end: at });
  }
  // `https://TOKEN:@host` and `https://TOKEN:x-oauth-basic@host`: the user name is the credential.
  if (hasPassword && /^:(?:x-oauth-basic)?$/.test(text.slice(colon, at)))
    spans.push({ start: from, end: colon });
  else if (isTokenUser(user, scheme, hasPassword)) spans.push({ start: from, end: from + user.length });
  return spans;
}

// In `https://TOKEN@host` the user name is the token.
function isTokenUser(user: string, scheme: string, hasPassword: boolean): boolean {
  if (!/^(?:https?|git\+https?|wss?|ftp)/.test(scheme)) {
    return looksRandom(user) || (!hasPassword && /[A-Z]/.test(user) && looksLikeCredential(user, 12));
  }
  if (isDigestLike(user) && user.length >= 16) return true;
  if (looksRandom(user) || (user.length >= 20 && /\d/.test(user))) return true;
  return (
    !hasPassword &&
    !user.includes('.') &&
    looksLikeCredential(user, 8) &&
    (/[A-Z]/.test(user) || user.length >= 12)
  );
}
