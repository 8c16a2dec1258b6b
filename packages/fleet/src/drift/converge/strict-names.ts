export type StrictKind =
  | 'user'
  | 'package'
  | 'version'
  | 'unit'
  | 'path'
  | 'port'
  | 'id'
  | 'mode'
  | 'sysctl'
  | 'sysctlValue';

/** What telemetry may put into a command. Anything else goes to a person instead of being quoted. */
const STRICT: Readonly<Record<StrictKind, RegExp>> = {
  user: /^[a-z_][a-z0-9_-]{0,31}$/,
  package: /^[a-z0-9][a-z0-9+.-]{0,127}$/,
  version: /^[0-9A-Za-z][0-9A-Za-z.+:~-]{0,127}$/,
  unit: /^[A-Za-z0-9][A-Za-z0-9@_.:-]{0,200}\.(?:service|socket|timer|path|mount|target)$/,
  path: /^(?:\/[A-Za-z0-9_@+][A-Za-z0-9._@+-]{0,254}|\/\.[A-Za-z0-9_@+][A-Za-z0-9._@+-]{0,253}){1,32}$/,
  port: /^[1-9][0-9]{0,4}$/,
  id: /^[0-9]{1,10}$/,
  mode: /^[0-7]{4}$/,
  sysctl: /^[a-z0-9_]+(?:\.[a-z0-9_-]+){1,8}$/,
  sysctlValue: /^-?[0-9]{1,19}(?: -?[0-9]{1,19}){0,7}$/,
};

const LENGTH_MAX = 1024;

/** True when a text from telemetry is plainly a name of its kind: no option, no shell meaning, no `..`. */
export function isStrict(kind: StrictKind, text: string | undefined): text is string {
  return text !== undefined && text.length <= LENGTH_MAX && STRICT[kind].test(text);
}

/** A word as POSIX shells read it literally. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
