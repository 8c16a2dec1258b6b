import { beginsLike } from './leading-literals.ts';
import { matchesOf } from './matches.ts';
import type { Span } from './spans.ts';

// A token may follow an escaped line break (`\n`), a percent-encoded character (`%20`) or `\u0022` directly.
const EDGE = String.raw`(?<=^|[^A-Za-z0-9]|\\[nrtbf]|%[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2})`;

const tail = (chars: string, min: number, max = 4096): string => `[${chars}]{${min},${max}}`;

// Prefixes that no ordinary text contains: matched wherever they stand.
const DISTINCTIVE: readonly string[] = [
  `gh[opusr]_${tail('A-Za-z0-9_', 16)}`,
  `github_pat_${tail('A-Za-z0-9_', 16)}`,
  `gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct)-${tail(String.raw`A-Za-z0-9_.\-`, 16)}`,
  `GR1348941${tail(String.raw`A-Za-z0-9_\-`, 16)}`,
  `npm_${tail('A-Za-z0-9', 20)}`,
  `pypi-${tail(String.raw`A-Za-z0-9_\-`, 16)}`,
  String.raw`xox[a-z](?:\.xox[a-z])?-${tail(String.raw`A-Za-z0-9%.\-`, 8)}`,
  `xapp-${tail(String.raw`A-Za-z0-9\-`, 12)}`,
  `sk-ant-${tail(String.raw`A-Za-z0-9_\-`, 8)}`,
  `sk-(?:proj|svcacct|admin|None|or-v1|lf)-${tail(String.raw`A-Za-z0-9_\-`, 8)}`,
  `do[opr]_v1_${tail('A-Za-z0-9', 16)}`,
  `(?:sk|rk|pk)_(?:live|test|prod)_${tail('A-Za-z0-9', 10)}`,
  `whsec_${tail('A-Za-z0-9+/=', 12)}`,
  `AIza${tail(String.raw`A-Za-z0-9_\-`, 30)}`,
  String.raw`ya29\.${tail(String.raw`A-Za-z0-9_.\-`, 12)}`,
  `GOCSPX-${tail(String.raw`A-Za-z0-9_\-`, 12)}`,
  String.raw`1//0[A-Za-z0-9_\-]{20,512}`,
  String.raw`SG\.[A-Za-z0-9_\-]{8,128}\.[A-Za-z0-9_\-]{8,256}`,
  `hv[sbr]\\.${tail(String.raw`A-Za-z0-9_\-`, 12)}`,
  `shp(?:at|ca|pa|ss|ua)_${tail('A-Fa-f0-9', 16)}`,
  `dp\\.(?:pt|st|ct|sa|scim|audit)\\.${tail(String.raw`A-Za-z0-9_.\-`, 16)}`,
  `lin_(?:api|oauth)_${tail('A-Za-z0-9', 16)}`,
  `ATATT3${tail(String.raw`A-Za-z0-9_=\-`, 20)}`,
  `AT(?:CTT3|BB|OAT)${tail(String.raw`A-Za-z0-9_=\-`, 20)}`,
  'AGE-SECRET-KEY-[A-Za-z0-9]{20,128}',
  `AGE-PLUGIN-[A-Z0-9]{1,32}-${tail('A-Za-z0-9', 16, 256)}`,
  `HRKU-${tail(String.raw`A-Za-z0-9_\-`, 16)}`,
  `PMAK-${tail(String.raw`A-Za-z0-9\-`, 20)}`,
  `NRAK-${tail('A-Z0-9', 16)}`,
  `NRII-${tail(String.raw`A-Za-z0-9\-`, 16)}`,
  `(?:glsa|glc)_${tail('A-Za-z0-9_=', 20)}`,
  `EAACEdEose0cBA${tail('A-Za-z0-9', 8)}`,
  `sq0(?:atp|csp|idp)-${tail(String.raw`A-Za-z0-9_\-`, 16)}`,
  `access_token\\$(?:production|sandbox)\\$${tail(String.raw`A-Za-z0-9$`, 16)}`,
  `rubygems_${tail('a-f0-9', 20)}`,
  `dckr_(?:pat|oat)_${tail(String.raw`A-Za-z0-9_\-`, 16)}`,
  `tfp_${tail(String.raw`A-Za-z0-9_\-`, 24)}`,
  `pscale_(?:tkn|pw|oauth)_${tail(String.raw`A-Za-z0-9_.\-`, 16)}`,
  `(?:sbp|sb_secret)_${tail('A-Za-z0-9_', 16)}`,
  `sntry[su]_${tail('A-Za-z0-9+/=_', 20)}`,
  `ops_eyJ${tail(String.raw`A-Za-z0-9+/=_\-`, 16)}`,
  `A3-[A-Z0-9]{6}-[A-Z0-9-]{16,40}`,
  `figd_${tail(String.raw`A-Za-z0-9_\-`, 20)}`,
  `pul-${tail('a-f0-9', 30)}`,
  `fo1_${tail(String.raw`A-Za-z0-9_\-`, 20)}`,
  `fm[12][ar]?_${tail('A-Za-z0-9+/=_', 24)}`,
  `FlyV1\\s+fm[12]_${tail('A-Za-z0-9+/=_,', 16)}`,
  `tskey-(?:auth|api|client|webhook|scim)-${tail(String.raw`A-Za-z0-9\-`, 10)}`,
  `phx_${tail('A-Za-z0-9_', 20)}`,
  `gsk_${tail('A-Za-z0-9', 20)}`,
  `xai-${tail('A-Za-z0-9', 20)}`,
  `r8_${tail('A-Za-z0-9', 24)}`,
  `pplx-${tail('A-Za-z0-9', 20)}`,
  `nvapi-${tail(String.raw`A-Za-z0-9_\-`, 20)}`,
  `xkeysib-${tail(String.raw`A-Za-z0-9\-`, 20)}`,
  `(?:ntn|secret)_${tail('A-Za-z0-9', 32)}`,
  String.raw`dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{32,128}`,
  // Password hashes of crypt(3), htpasswd, PHC strings and LDAP: a guess away from the password.
  String.raw`\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|argon2(?:id|i|d)|pbkdf2(?:-sha\d{1,3})?|scrypt|P|H)\$[A-Za-z0-9./$=,+\-]{12,512}`,
  String.raw`\{(?:S?SHA(?:256|384|512)?|S?MD5|CRYPT|PBKDF2)\}[A-Za-z0-9+/=$.]{8,512}`,
];

// Prefixes short enough to end an ordinary word: only at the edge of a word.
const AT_EDGE: readonly string[] = [
  String.raw`pat[A-Za-z0-9]{14}\.[a-f0-9]{40,128}`,
  String.raw`v1\.0-[a-f0-9]{24}-[a-f0-9]{64,256}`,
  String.raw`(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,128}`,
  `sk-(?=[A-Za-z0-9_-]{0,200}[0-9A-Z])${tail(String.raw`A-Za-z0-9_\-`, 16)}`,
  `hf_${tail('A-Za-z0-9', 16)}`,
  `api_org_${tail('A-Za-z0-9', 20)}`,
  `dapi${tail('a-f0-9', 28)}(?:-[0-9])?`,
  `(?:SK|AC)${tail('a-f0-9', 32, 32)}`,
  `key-${tail('a-f0-9', 28)}`,
  ...['s', 'b', 'r'].map((letter) => String.raw`${letter}\.(?=[A-Za-z]{0,40}[0-9])[A-Za-z0-9]{24,128}`),
  String.raw`bot[0-9]{6,12}:[A-Za-z0-9_\-]{20,64}`,
  `AQED${tail('A-Za-z0-9+/=_', 60)}`,
  `FwoGZXIvYXdzE${tail('A-Za-z0-9+/=', 20)}`,
  `IQoJb3JpZ2lu${tail('A-Za-z0-9+/=', 20)}`,
  `re_(?=[A-Za-z_]{0,40}[0-9])[A-Za-z0-9_]{20,64}`,
];

// Shapes that begin with any letter are tried only in a text that has their sign, for they cost most.
const SIGNED: readonly { readonly sign: RegExp; readonly shape: string }[] = [
  { sign: /\.atlasv1\./, shape: `[A-Za-z0-9]{14}\\.atlasv1\\.${tail(String.raw`A-Za-z0-9_\-`, 20)}` },
  { sign: /-us[0-9]/, shape: `[a-f0-9]{32}-us[0-9]{1,2}` },
  {
    sign: /\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27}/,
    shape: String.raw`[MNO][A-Za-z\d_-]{23,27}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,64}`,
  },
  { sign: /[0-9]:AA/, shape: String.raw`[0-9]{8,12}:AA[A-Za-z0-9_\-]{30,64}` },
  { sign: /[78]Q~/, shape: String.raw`[A-Za-z0-9_~.\-]{3}[78]Q~[A-Za-z0-9_~.\-]{28,40}` },
  { sign: /@k8s\.token/, shape: `[a-zA-Z0-9]{30,64}@k8s\\.token` },
];

// Header and payload of a JWT, JWE or PASETO; a signature may be missing (`alg: none`) or cut off.
const JSON_TOKENS: readonly string[] = [
  String.raw`eyJ[A-Za-z0-9_\-]{8,65536}(?:\.[A-Za-z0-9_\-]{0,65536}){1,4}`,
  String.raw`v[1-4]\.(?:local|public)\.[A-Za-z0-9_\-]{16,65536}(?:\.[A-Za-z0-9_\-]{1,4096})?`,
];

// Webhook addresses are themselves the credential; the host stays readable.
const WEBHOOK_PATHS: readonly string[] = [
  String.raw`(?<=hooks\.slack(?:-gov)?\.com/)(?:services|workflows|triggers)/[A-Za-z0-9_/\-]{8,256}`,
  String.raw`(?<=(?:discord|discordapp)\.com/api/(?:v[0-9]{1,2}/)?webhooks/)[0-9]{5,32}/[A-Za-z0-9_\-]{8,256}`,
  String.raw`(?<=api\.telegram\.org/)(?:file/)?bot[0-9]{3,16}:[A-Za-z0-9_\-]{8,64}`,
  String.raw`(?<=webhook\.office\.com/)webhookb2/[A-Za-z0-9_@/\-]{8,512}`,
  String.raw`(?<=outlook\.office\.com/webhook/)[A-Za-z0-9_@/\-]{8,512}`,
  String.raw`(?<=hooks\.zapier\.com/hooks/catch/)[A-Za-z0-9_/\-]{4,256}`,
  String.raw`(?<=maker\.ifttt\.com/trigger/[A-Za-z0-9_\-]{1,64}/with/key/)[A-Za-z0-9_\-]{8,128}`,
  String.raw`(?<=events\.pagerduty\.com/integration/)[A-Za-z0-9]{16,64}`,
];

interface Shape {
  /** A cheap condition without which the pattern cannot match. */
  readonly sign: RegExp | null;
  readonly pattern: RegExp;
}

// The cheap look at how a shape begins comes before the question what stands in front of it.
function likely(edge: string, shapes: readonly string[]): RegExp {
  const source = shapes.join('|');
  return new RegExp(`${beginsLike(source)}${edge}(?:${source})`, 'g');
}

const SHAPES: readonly Shape[] = [
  { sign: null, pattern: likely('', DISTINCTIVE) },
  { sign: null, pattern: likely(EDGE, AT_EDGE) },
  ...SIGNED.map(({ sign, shape }) => ({ sign, pattern: new RegExp(EDGE + shape, 'g') })),
  { sign: null, pattern: likely(EDGE, JSON_TOKENS) },
  {
    sign: /webhook|hooks\.(?:slack|zapier)|api\.telegram|maker\.ifttt|events\.pagerduty/,
    pattern: new RegExp(WEBHOOK_PATHS.join('|'), 'g'),
  },
];

// A prefix of these only separates; the scheme word stays, the credential after it goes.
const SCHEMES =
  /\b(?<!-)(bearer|basic|token|apikey|api-key|negotiate|ntlm|digest|hmac|signature|splunk|genie-?key|bot)(?:\s|%20|\+){1,4}([A-Za-z0-9._~+/=:%-]{6,8192})/gi;

/** Spans of tokens recognisable by their own shape, without any key beside them. */
export function shapeSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const { sign, pattern } of SHAPES) {
    if (sign !== null && !sign.test(text)) continue;
    for (const match of matchesOf(text, pattern)) {
      spans.push({ start: match.index, end: match.index + match[0].length });
    }
  }
  for (const match of matchesOf(text, SCHEMES)) {
    const credential = match[2] as string;
    if (!isSchemeCredential((match[1] as string).toLowerCase(), credential)) continue;
    const end = match.index + match[0].length;
    spans.push({ start: end - credential.length, end });
  }
  return spans;
}

const HAS_DIGIT = /[0-9]/;
const HAS_LETTER = /[A-Za-z]/;
const MIXED_CASE = /[a-z][A-Z]|[A-Z]{2}[a-z]/;

function isSchemeCredential(scheme: string, credential: string): boolean {
  if (/^(?:https?:|\/|\.|sha\d|v?\d+(?:\.\d+)*$)/i.test(credential)) return false;
  const lively = (HAS_DIGIT.test(credential) && HAS_LETTER.test(credential)) || MIXED_CASE.test(credential);
  switch (scheme) {
    case 'bearer':
      return lively || credential.length >= 20;
    case 'basic':
    case 'negotiate':
    case 'ntlm':
      return lively || credential.endsWith('=');
    default:
      return (
        lively &&
        credential.length >= 16 &&
        /^[A-Za-z0-9._~+/=-]*$/.test(credential) &&
        !credential.includes('-')
      );
  }
}
