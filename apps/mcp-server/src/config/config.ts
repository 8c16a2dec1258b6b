import { join, resolve } from 'node:path';
import { sha256Hex, canonicalJson } from '@praxis/core';
import { APPROVAL_TTL_SECONDS_DEFAULT } from '@praxis/gate';
import { KINDS_MODES, type KindsMode } from '@praxis/facts';
import { type Mode, MODES, parseMode } from '@praxis/policy';
import { defaultDataDir } from './data-dir.ts';
import { ceiling, type Env, flag, text, wholeNumber } from './env.ts';

/** The port of the HTTP transport when none is configured. */
export const HTTP_PORT_DEFAULT = 8765;
/** What `PRAXIS_HTTP_ALLOW_ANY` must say, to the letter, before a bind beyond loopback is allowed. */
export const ALLOW_ANY_PHRASE = 'yes-i-understand-the-risk';

const RETENTION_DAYS_DEFAULT = 365;
const EVIDENCE_EVERY_DEFAULT = 64;
const EVIDENCE_SECONDS_DEFAULT = 60;
const SEGMENT_MIB_DEFAULT = 256;
const BYTES_PER_MIB = 1_048_576;

/** Everything that the environment decides. Read once, at start; nothing changes it afterwards. */
export interface ServerConfig {
  readonly dataDir: string;
  readonly transport: string;
  readonly mode: Mode;
  readonly http: {
    readonly host: string;
    readonly port: number | null;
    readonly token: string | null;
    readonly allowAny: boolean;
  };
  readonly allowRestricted: boolean;
  /** The same for clients over HTTP, also when the process itself was started for stdio (`praxis up`). */
  readonly allowRestrictedOverHttp: boolean;
  readonly storeDsn: string;
  /** How much the kinds of entities matter when facts are put, and the operator's own; a missing default file adds none. */
  readonly factKinds: { readonly mode: KindsMode; readonly path: string; readonly configured: boolean };
  readonly audit: {
    readonly path: string;
    /** True when the path was named by the operator rather than chosen by us. */
    readonly configured: boolean;
    readonly evidencePath: string;
    readonly evidenceEvery: number;
    /** A checkpoint this long after a record that none covers, in seconds. */
    readonly evidenceSeconds: number;
    readonly anchorPath: string | null;
    /** Whether praxis starts while the anchor cannot be written. */
    readonly anchorOutage: 'refuse' | 'allow';
    /** When a record counts as durable: `group` shares one sync among callers, `each` does not, `os` trusts the machine to stay up. */
    readonly durability: Durability;
    /** Whether reads are answered while no record can be written; what changes something never is. */
    readonly unrecordedReads: 'refuse' | 'allow';
    /** When the ledger goes on in a new segment: at this many bytes, or at this age in days (0: never for its age). */
    readonly segmentBytesMax: number;
    readonly segmentDaysMax: number;
    readonly retentionDays: number;
    readonly evidenceRetentionDays: number;
    readonly syslogAddress: string | null;
    readonly syslogFormat: 'rfc5424' | 'rfc3164';
    /** PEM of the authorities to trust for `tls://`, instead of the system's. */
    readonly syslogCa: string | null;
    readonly otlpEndpoint: string | null;
    /** Copies every record to standard output, where that is not an MCP channel. */
    readonly stdout: boolean;
    readonly witnesses: readonly WitnessConfig[];
    readonly tsaUrl: string | null;
    readonly tsaCert: string | null;
  };
  readonly playbookRoot: string | null;
  readonly runbookRoot: string | null;
  readonly tofuRoot: string | null;
  readonly inventoryPath: string;
  /** Rules that the operator adds to the deny list; a missing default file adds none. */
  readonly denyRules: { readonly path: string; readonly configured: boolean };
  /** The policy document that narrows what the mode allows; a missing default file means there is none. */
  readonly policy: { readonly path: string; readonly configured: boolean };
  readonly killSwitchPath: string;
  readonly budget: { readonly actionsMax: number | null; readonly wallSecondsMax: number | null };
  readonly approvals: { readonly ttlSeconds: number; readonly consoleTokens: boolean };
  readonly egressAllow: readonly string[];
  /** What a person should know about how the environment was read. */
  readonly warnings: readonly string[];
}

/** Reads the environment. Never throws: what may not be served is refused before a bind or an open. */
export function readConfig(env: Env): ServerConfig {
  const dataDir = resolve(text(env, 'PRAXIS_DATA_DIR') ?? defaultDataDir(env));
  const transport = (text(env, 'PRAXIS_TRANSPORT') ?? 'stdio').toLowerCase();
  return {
    dataDir,
    transport,
    mode: parseMode(env['PRAXIS_MODE']),
    http: {
      host: text(env, 'PRAXIS_HTTP_HOST') ?? '127.0.0.1',
      port: httpPort(env),
      token: text(env, 'PRAXIS_HTTP_TOKEN'),
      allowAny: env['PRAXIS_HTTP_ALLOW_ANY'] === ALLOW_ANY_PHRASE,
    },
    allowRestricted: flag(env, 'PRAXIS_ALLOW_RESTRICTED', transport === 'stdio'),
    allowRestrictedOverHttp: flag(env, 'PRAXIS_ALLOW_RESTRICTED', false),
    storeDsn: text(env, 'PRAXIS_STORE_DSN') ?? join(dataDir, 'facts.db'),
    factKinds: {
      mode: kindsMode(env),
      path: text(env, 'PRAXIS_FACT_KINDS') ?? join(dataDir, 'kinds.yaml'),
      configured: text(env, 'PRAXIS_FACT_KINDS') !== null,
    },
    audit: auditConfig(env, dataDir),
    playbookRoot: text(env, 'PRAXIS_PLAYBOOK_ROOT'),
    runbookRoot: text(env, 'PRAXIS_RUNBOOK_ROOT'),
    tofuRoot: text(env, 'PRAXIS_TOFU_ROOT'),
    inventoryPath: text(env, 'PRAXIS_INVENTORY') ?? join(dataDir, 'inventory.yaml'),
    denyRules: {
      path: text(env, 'PRAXIS_DENY_RULES') ?? join(dataDir, 'deny.yaml'),
      configured: text(env, 'PRAXIS_DENY_RULES') !== null,
    },
    policy: {
      path: text(env, 'PRAXIS_POLICY') ?? join(dataDir, 'policy.yaml'),
      configured: text(env, 'PRAXIS_POLICY') !== null,
    },
    killSwitchPath: text(env, 'PRAXIS_KILL_SWITCH_PATH') ?? join(dataDir, 'stop'),
    budget: {
      actionsMax: ceiling(env, 'PRAXIS_MAX_ACTIONS'),
      wallSecondsMax: ceiling(env, 'PRAXIS_MAX_WALL_SECONDS'),
    },
    approvals: {
      ttlSeconds: approvalTtlSeconds(env),
      consoleTokens: (text(env, 'PRAXIS_APPROVAL_TOKENS') ?? 'on').toLowerCase() !== 'off',
    },
    egressAllow: egressAllowOf(env),
    warnings: warningsOf(env),
  };
}

/** A digest of everything that was configured, without the secrets: it goes into the session header. */
export function configDigest(config: ServerConfig): string {
  const { http, ...rest } = config;
  return sha256Hex(canonicalJson({ ...rest, http: { ...http, token: http.token !== null } }));
}

function auditConfig(env: Env, dataDir: string): ServerConfig['audit'] {
  const configured = text(env, 'PRAXIS_AUDIT_PATH');
  const path = configured ?? join(dataDir, 'audit.jsonl');
  return {
    path,
    configured: configured !== null,
    evidencePath: text(env, 'PRAXIS_EVIDENCE_PATH') ?? evidenceBeside(path),
    evidenceEvery: wholeNumber(env, 'PRAXIS_EVIDENCE_EVERY', 0, EVIDENCE_EVERY_DEFAULT),
    evidenceSeconds: wholeNumber(env, 'PRAXIS_EVIDENCE_SECONDS', 1, EVIDENCE_SECONDS_DEFAULT),
    anchorPath: text(env, 'PRAXIS_ANCHOR_PATH'),
    anchorOutage: text(env, 'PRAXIS_ANCHOR_OUTAGE')?.toLowerCase() === 'allow' ? 'allow' : 'refuse',
    durability: durabilityOf(env),
    unrecordedReads: text(env, 'PRAXIS_UNRECORDED_READS')?.toLowerCase() === 'allow' ? 'allow' : 'refuse',
    segmentBytesMax: wholeNumber(env, 'PRAXIS_LEDGER_SEGMENT_MIB', 1, SEGMENT_MIB_DEFAULT) * BYTES_PER_MIB,
    segmentDaysMax: wholeNumber(env, 'PRAXIS_LEDGER_SEGMENT_DAYS', 0, 0),
    retentionDays: wholeNumber(env, 'PRAXIS_AUDIT_RETENTION_DAYS', 0, RETENTION_DAYS_DEFAULT),
    evidenceRetentionDays: wholeNumber(env, 'PRAXIS_EVIDENCE_RETENTION_DAYS', 0, RETENTION_DAYS_DEFAULT),
    syslogAddress: text(env, 'PRAXIS_AUDIT_SYSLOG_ADDRESS'),
    syslogFormat:
      text(env, 'PRAXIS_AUDIT_SYSLOG_FORMAT')?.toLowerCase() === 'rfc3164' ? 'rfc3164' : 'rfc5424',
    syslogCa: text(env, 'PRAXIS_AUDIT_SYSLOG_CA'),
    otlpEndpoint: text(env, 'PRAXIS_AUDIT_OTLP_ENDPOINT'),
    stdout: flag(env, 'PRAXIS_AUDIT_STDOUT', false),
    witnesses: witnessesOf(text(env, 'PRAXIS_WITNESSES')),
    tsaUrl: text(env, 'PRAXIS_TSA_URL'),
    tsaCert: text(env, 'PRAXIS_TSA_CERT'),
  };
}

/** Someone who cosigns checkpoints (C2SP tlog-witness), and the key its word is checked with. */
export interface WitnessConfig {
  readonly url: string;
  readonly verifierKey: string;
}

/** Pairs of a URL and a verifier key, all separated by white space. A URL without a key keeps an empty one, which is refused at start. */
function witnessesOf(value: string | null): readonly WitnessConfig[] {
  const words = value?.split(/\s+/) ?? [];
  return words.flatMap((url, index) =>
    index % 2 === 0 ? [{ url, verifierKey: words[index + 1] ?? '' }] : [],
  );
}

const DURABILITIES = ['group', 'each', 'os'] as const;

/** How durable a record is before its caller is answered; anything unknown is `group`. */
export type Durability = (typeof DURABILITIES)[number];

function durabilityOf(env: Env): Durability {
  const value = (text(env, 'PRAXIS_LEDGER_DURABILITY') ?? '').toLowerCase();
  return DURABILITIES.find((known) => known === value) ?? 'group';
}

/** The audit path with its suffix replaced, the reference's rule. */
function evidenceBeside(path: string): string {
  return `${path.replace(/\.[^./]*$/, '')}.evidence.jsonl`;
}

/** `null` for a number that is no port: it is refused before a bind. A non-number falls back. */
function httpPort(env: Env): number | null {
  const value = text(env, 'PRAXIS_HTTP_PORT');
  if (value === null || !/^-?\d{1,9}$/.test(value)) return HTTP_PORT_DEFAULT;
  const port = Number(value);
  return port >= 1 && port <= 65_535 ? port : null;
}

/** A whole number of seconds; junk is the default, and nothing is shorter than one second. */
function approvalTtlSeconds(env: Env): number {
  const value = text(env, 'PRAXIS_APPROVAL_TTL_SECONDS');
  if (value === null || !/^-?\d{1,9}(?:\.\d+)?$/.test(value)) return APPROVAL_TTL_SECONDS_DEFAULT;
  return Math.max(1, Math.floor(Number(value)));
}

/** Anything unknown is the strictest: somebody wanted kinds to matter. */
function kindsMode(env: Env): KindsMode {
  const value = (text(env, 'PRAXIS_FACT_KINDS_MODE') ?? 'off').toLowerCase();
  return KINDS_MODES.find((known) => known === value) ?? 'enforce';
}

/** Names are compared as the screen writes them: in lower case, with the port. */
function egressAllowOf(env: Env): string[] {
  const entries = (text(env, 'PRAXIS_EGRESS_ALLOW') ?? '').split(/[\s,]+/);
  return entries.filter((entry) => entry !== '').map((entry) => entry.toLowerCase());
}

const HOST_AND_PORT = /^(?:[^\s:/[\]]+|\[[0-9a-f:.]+\]):\d{1,5}$/;

function warningsOf(env: Env): string[] {
  const warnings: string[] = [];
  const kinds = text(env, 'PRAXIS_FACT_KINDS_MODE');
  if (kinds !== null && !(KINDS_MODES as readonly string[]).includes(kinds.toLowerCase())) {
    warnings.push(`PRAXIS_FACT_KINDS_MODE is none of ${KINDS_MODES.join(', ')}: enforce is used`);
  }
  const mode = text(env, 'PRAXIS_MODE');
  if (mode !== null && !(MODES as readonly string[]).includes(mode.toLowerCase())) {
    warnings.push(`PRAXIS_MODE is none of ${MODES.join(', ')}: guarded is used`);
  }
  const tokens = text(env, 'PRAXIS_APPROVAL_TOKENS');
  if (tokens !== null && !['on', 'off'].includes(tokens.toLowerCase())) {
    warnings.push('PRAXIS_APPROVAL_TOKENS is neither on nor off: on is used');
  }
  for (const entry of egressAllowOf(env).filter((one) => !HOST_AND_PORT.test(one)))
    warnings.push(`PRAXIS_EGRESS_ALLOW: \`${entry}\` is no host:port and allows nothing`);
  return warnings;
}
