import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { AnchorReader } from '../evidence/anchor.ts';
import { originLine } from '../evidence/checkpoint.ts';
import { logOf } from '../log/segments.ts';
import type { VerifyReport } from './report.ts';
import { verifyLedger, type VerifyOptions } from './verify.ts';

/** What to verify each ledger of a directory with. */
export interface DirectoryOptions extends Omit<VerifyOptions, 'evidencePath' | 'resume'> {
  /** The anchor also speaks for ledgers that are elsewhere on purpose. Without it, one that is not here is missing. */
  readonly anchorShared?: boolean | undefined;
}

/** What verifying every ledger of a directory found. */
export interface DirectoryReport {
  /** True only when there is a ledger, each is whole, no two claim one origin, and none is missing. */
  readonly ok: boolean;
  readonly ledgers: readonly { readonly path: string; readonly report: VerifyReport }[];
  readonly repeated_origins: readonly string[];
  /** The ledgers that the anchor speaks for and that are not here, as the first lines of their checkpoints name them. */
  readonly missing_origins: readonly string[];
}

/**
 * Verifies every ledger in a directory: each replica or sidecar has its own, told apart by its origin.
 * An anchor says which there were: one that it speaks for must be here, or else it could be deleted with nobody
 * the wiser. `ofLedger` adds what holds for one ledger alone. Throws what the system says when the directory
 * or the anchor cannot be read.
 */
export async function verifyDirectory(
  directory: string,
  options: DirectoryOptions = {},
  ofLedger: (path: string) => Pick<VerifyOptions, 'witnessedNotes'> = () => ({}),
): Promise<DirectoryReport> {
  const ledgers: { path: string; report: VerifyReport }[] = [];
  for (const path of ledgersIn(directory)) {
    ledgers.push({ path, report: await verifyLedger(path, { ...options, ...ofLedger(path) }) });
  }
  const origins = ledgers.map(({ report }) => report.origin_id).filter((origin) => origin !== null);
  const repeated = [...new Set(origins.filter((origin, i) => origins.indexOf(origin) !== i))];
  const missing = await missingOrigins(origins, options);
  return {
    ok:
      ledgers.length > 0 &&
      repeated.length === 0 &&
      missing.length === 0 &&
      ledgers.every(({ report }) => report.ok),
    ledgers,
    repeated_origins: repeated,
    missing_origins: missing,
  };
}

/** An anchor that is not there is said of each ledger already. */
async function missingOrigins(
  present: readonly string[],
  { anchorPath, anchorShared }: DirectoryOptions,
): Promise<string[]> {
  if (anchorPath === undefined || anchorShared === true || !existsSync(anchorPath)) return [];
  const here = new Set(present.map(originLine));
  const missing = new Set<string>();
  const reader = new AnchorReader(anchorPath, ({ origin }) => {
    if (!here.has(origin)) missing.add(origin);
  });
  try {
    while (!reader.ended) await reader.readPiece();
  } finally {
    await reader.close();
  }
  return [...missing].sort();
}

/** The logs that have a file in a directory, without what stands beside them. */
export function ledgersIn(directory: string): string[] {
  const names = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'))
    .map((entry) => logOf(join(directory, entry.name)))
    .filter((path) => !path.endsWith('.evidence.jsonl') && !path.endsWith('.anchor.jsonl'));
  return [...new Set(names)].sort();
}
