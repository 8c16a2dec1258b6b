import { looksLikeCredential } from './entropy.ts';
import { keySensitivity } from './key-names.ts';
import { matchesOf } from './matches.ts';
import type { Span } from './spans.ts';

interface Rule {
  /** A cheap condition without which the pattern cannot match. */
  readonly sign?: RegExp;
  readonly pattern: RegExp;
  /** Whether a match is a secret after all; the groups are named `name`, `value` and `quoted`. */
  readonly accepts?: (groups: Readonly<Record<string, string | undefined>>) => boolean;
}

const livelyValue: Rule['accepts'] = ({ value }) => looksLikeCredential(value ?? '', 6);
const secretName: Rule['accepts'] = ({ name }) => keySensitivity(name ?? '') === 'secret';

// Every secret is the group `value` or `quoted`; all repetitions are bounded.
const RULES: readonly Rule[] = [
  // `auth=('ann', 'X')`, `new NetworkCredential("ann", "X")`
  {
    pattern:
      /(?:\bauth\s{0,4}=\s{0,4}|(?:BasicAuth|NetworkCredential|PSCredential|PasswordCredentials?|basic_auth|basicAuth|\.login|\.authenticate)\s{0,4})\(\s{0,4}["'][^"'\n]{0,128}["']\s{0,4},\s{0,4}["'](?<value>[^"'\n]{1,1024})["']/dg,
  },
  // `user/pass: ann/X`, `username and password = ann : X`
  {
    pattern:
      /\b(?:user(?:name)?|login|account|uid)\s?(?:[/:|,&+]|and|or)\s?(?:password|passwd|pass|pwd|pw)\s{0,4}[:=]\s{0,4}[^\s/:|,]{1,128}\s?[/:|,]\s?(?<value>\S{1,1024})/dgi,
  },
  // `basic auth ann:X`
  {
    pattern: /\bbasic\s{1,4}auth(?:entication)?\s{1,4}[\w.@-]{1,64}:(?<value>\S{4,1024})/dgi,
    accepts: livelyValue,
  },
  // `password changed from X to Y`, `token was set to Y`
  {
    pattern:
      /\b(?<!-)(?:password|passwd|passphrase|secret|token|api[ _-]?key)\s(?:(?:was|has been|is|got)\s)?(?:changed|rotated|updated|reset|set|switched)\sfrom\s(?<value>\S{4,1024})/dgi,
    accepts: livelyValue,
  },
  {
    pattern:
      /\b(?<!-)(?:password|passwd|passphrase|secret|token|api[ _-]?key)\s(?:(?:was|has been|is|got)\s)?(?:changed|rotated|updated|reset|set|switched)\s(?:from\s\S{1,1024}\s)?to\s(?<value>\S{4,1024})/dgi,
    accepts: livelyValue,
  },
  // `CREATE USER ann IDENTIFIED BY X` without quotes
  {
    pattern: /\b(?:user|role)\s{1,4}\S{1,128}\s{1,4}IDENTIFIED\s{1,4}BY\s{1,4}(?<value>[^\s'";]{1,1024})/dgi,
  },
  { pattern: /\bIDENTIFIED\s{1,4}BY\s{1,4}(?<value>[^\s'";]{4,1024})/dgi, accepts: livelyValue },
  // `sqlplus ann/X@orcl`
  {
    pattern:
      /\b(?<!-)(?:sqlplus|sqlldr|expdp|impdp|rman|sqlcl)\s(?:[^\n|;&@]{0,128}?[\s=])?[A-Za-z][\w$#]{0,30}\/(?:"(?<quoted>[^"\n]{1,256})"|(?<value>[^\s@"/]{1,256})(?=@|\s|$))/dg,
  },
  // `cryptsetup open /dev/x y <<< X`
  {
    pattern:
      /(?:\b(?:cryptsetup|kinit|passwd|chpasswd|smbpasswd|gpg|sudo\s-S)\b|--password-stdin|--with-token|--stdin)[^\n<]{0,256}<<<\s{0,4}(?:["'](?<quoted>[^"'\n]{1,1024})["']|(?<value>[^\s"';|&]{1,1024}))/dg,
  },
  {
    pattern:
      /(?:\bsnmp-server\s{1,4}community|^\s{0,16}r[ow]community6?)\s{1,4}(?!(?:is|was|not|has)\s)(?<value>\S{1,256})/dgm,
  },
  // Terraform: `variable "token" { default = "X" }`
  {
    pattern:
      /\bvariable\s{1,4}"(?<name>[\w-]{1,64})"\s{0,4}\{[^{}"]{0,256}(?:"[^"\n]{0,256}"[^{}"]{0,256}){0,4}?\bdefault\s{0,16}=\s{0,4}"(?<value>[^"\n]{1,1024})"/dg,
    accepts: secretName,
  },
  // .pgpass: host:port:database:user:password
  {
    sign: /:(?:\*|54\d\d|6432):/,
    pattern:
      /^(?:\*|[A-Za-z0-9/][\w./-]{0,253}):(?:\*|54\d\d|6432):[^\s:]{1,63}:[^\s:]{1,63}:(?<value>(?:[^\s:\\]|\\[^\s]){1,256})$/dgm,
  },
  // A row of a Markdown table: | password | X |
  {
    pattern:
      /\|[ \t]{0,32}(?<name>[A-Za-z][\w .-]{1,48}?)[ \t]{0,32}\|[ \t]{0,32}`?(?<value>[^\s|`]{4,1024})`?(?=[ \t]{0,32}\|)/dg,
    accepts: (groups) => secretName(groups) && livelyValue(groups),
  },
  // `SetEnvironmentVariable("API_KEY", "X", …)`
  {
    pattern: /\(\s{0,4}["'](?<name>[\w.-]{2,64})["']\s{0,4},\s{0,4}["'](?<value>[^"'\n]{4,1024})["']/dg,
    accepts: (groups) => secretName(groups) && livelyValue(groups),
  },
  // `reg add … /v DefaultPassword … /d X`
  {
    pattern:
      /\breg(?:\.exe)?\s{1,4}add\s[^\n]{0,256}?\/v\s{1,4}"?(?<name>[\w.-]{1,64})"?\s[^\n]{0,128}?\/d\s{1,4}(?:"(?<quoted>[^"\n]{1,1024})"|(?<value>[^\s"]{1,1024}))/dgi,
    accepts: secretName,
  },
  { pattern: /\bPRAGMA\s{1,4}(?:re|hex)?key\s{0,4}=\s{0,4}["']{1,2}(?<value>[^"'\n]{1,1024})/dgi },
  {
    pattern:
      /\bsp_(?:addlogin|password)\s{1,4}(?:@\w{1,32}\s{0,4}=\s{0,4})?N?'[^'\n]{0,128}'\s{0,4},\s{0,4}(?:@\w{1,32}\s{0,4}=\s{0,4})?N?'(?<value>[^'\n]{1,256})'/dgi,
  },
  // `&lt;password&gt;X&lt;/password&gt;`
  {
    pattern: /&lt;(?<name>[A-Za-z_][\w:.-]{0,63})(?:\s[^&\n]{0,256})?&gt;(?<value>[^&\n]{1,1024})(?=&lt;)/dg,
    accepts: secretName,
  },
  // A field of multipart/form-data.
  {
    pattern:
      /\bname="(?<name>[^"\n]{1,64})"(?:;[^\r\n]{0,256})?\r?\n(?:[^\r\n]{1,256}\r?\n){0,4}\r?\n(?<value>[^\r\n]{1,4096})/dg,
    accepts: secretName,
  },
];

/** Spans of secrets that the grammar around them tells: arguments of calls, clauses, operands, rows. */
export function quotedArgumentSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const { sign, pattern, accepts } of RULES) {
    if (sign?.test(text) === false) continue;
    for (const match of matchesOf(text, pattern)) {
      const groups = match.groups ?? {};
      const at = match.indices?.groups?.['value'] ?? match.indices?.groups?.['quoted'];
      if (at === undefined || accepts?.(groups) === false) continue;
      spans.push({ start: at[0], end: at[1] });
    }
  }
  return spans;
}
