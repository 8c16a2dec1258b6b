import { readFileSync } from 'node:fs';
import { errorMessage, parseInstant, PraxisError, tierSchema } from '@praxis/core';
import {
  type NoteVerifier,
  parseVerifierKey,
  RECORD_DECISIONS,
  RECORD_KINDS,
  type RecordFilter,
  type StampVerifier,
} from '@praxis/ledger';
import { rfc3161Verifier } from '@praxis/timestamp';
import { type Command, Option } from 'commander';

/** The options that choose records. */
export interface FilterOptions {
  readonly since?: string;
  readonly until?: string;
  readonly tool?: string;
  readonly host?: string;
  readonly target?: string;
  readonly decision?: string;
  readonly kind?: string;
  readonly reason?: string;
  readonly principal?: string;
  readonly tier?: string;
  readonly minTier?: string;
  readonly action?: string;
  readonly session?: string;
  readonly trace?: string;
  readonly text?: string;
}

/** Adds the options that choose records, the same for every command that reads them. */
export function addFilterOptions(command: Command): Command {
  return command
    .option('--since <instant>', 'from this instant on, ISO 8601 with an offset, or a date')
    .option('--until <instant>', 'before this instant')
    .option('--tool <name>')
    .option('--host <name>')
    .option('--target <name>')
    .addOption(new Option('--decision <decision>').choices(RECORD_DECISIONS))
    .addOption(new Option('--kind <kind>').choices(RECORD_KINDS))
    .option('--reason <code>')
    .option('--principal <principal>')
    .option('--tier <tier>', 'this tier exactly')
    .option('--min-tier <tier>', 'this tier and those above')
    .option('--action <id>')
    .option('--session <id>')
    .option('--trace <id>')
    .option('--text <text>', 'occurs anywhere in the stored line');
}

/** Throws `USAGE` for an instant or a tier that is none. */
export function filterFrom(options: FilterOptions): RecordFilter {
  const { tool, host, target, decision, kind, reason, principal } = options;
  return {
    since: instant(options.since),
    until: instant(options.until),
    tier: tier(options.tier),
    tierAtLeast: tier(options.minTier),
    actionId: options.action,
    sessionId: options.session,
    traceId: options.trace,
    contains: options.text,
    tool,
    host,
    target,
    decision,
    kind,
    reason,
    principal,
  };
}

/** Collects an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/**
 * Verifier keys given as such, or as files that hold one per line. Throws `USAGE` for a file without any, and for
 * what is no verifier key of this type: whoever gives a key must not be answered as if there were none.
 */
export function keysFrom(
  values: readonly string[] | undefined,
  type: NoteVerifier['type'] = 'note',
): string[] | undefined {
  return values?.flatMap((value) => {
    const found = keysIn(value);
    if (found.length === 0) throw new PraxisError('USAGE', `\`${value}\` holds no verifier key`);
    const wrong = found.find((key) => parseVerifierKey(key)?.type !== type);
    if (wrong === undefined) return found;
    const whose = type === 'note' ? 'a ledger' : 'a witness';
    throw new PraxisError('USAGE', `\`${wrong}\` is no verifier key of ${whose}`);
  });
}

/** Verifier keys given as such, or the lines of a file. */
export function keysIn(value: string): string[] {
  return /\+[0-9a-f]{8}\+/.test(value) ? [value.trim()] : linesOf(value);
}

/** Who checks stamps: certificates in PEM files, roots or the authority's own. Throws `USAGE` for a file without any. */
export function stampVerifiersFrom(
  files: readonly string[] | undefined,
): Readonly<Record<string, StampVerifier>> | undefined {
  if (files === undefined) return undefined;
  const certificates = files.flatMap((file) => {
    const found = readText(file).match(PEM_CERTIFICATE) ?? [];
    if (found.length === 0) throw new PraxisError('USAGE', `\`${file}\` holds no PEM certificate`);
    return found;
  });
  return rfc3161Verifier({ certificates });
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PraxisError('USAGE', errorMessage(cause), { cause });
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } catch (cause) {
    throw new PraxisError(
      'USAGE',
      `\`${path}\` is neither a verifier key nor a file of them: ${errorMessage(cause)}`,
      { cause },
    );
  }
}

function instant(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parseInstant(text);
  } catch (cause) {
    throw new PraxisError('USAGE', errorMessage(cause), { cause });
  }
}

function tier(text: string | undefined): RecordFilter['tier'] {
  if (text === undefined) return undefined;
  const parsed = tierSchema.safeParse(text);
  if (!parsed.success) throw new PraxisError('USAGE', `\`${text}\` is no tier`);
  return parsed.data;
}
