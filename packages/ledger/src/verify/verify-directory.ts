import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { logOf } from '../log/segments.ts';
import type { VerifyReport } from './report.ts';
import { verifyLedger, type VerifyOptions } from './verify.ts';

/** What to verify each ledger of a directory with. */
export type DirectoryOptions = Omit<VerifyOptions, 'evidencePath' | 'resume'>;

/** What verifying every ledger of a directory found. */
export interface DirectoryReport {
  /** True only when there is a ledger, each is whole, and no two claim one origin. */
  readonly ok: boolean;
  readonly ledgers: readonly { readonly path: string; readonly report: VerifyReport }[];
  readonly repeated_origins: readonly string[];
}

/**
 * Verifies every ledger in a directory: each replica or sidecar has its own, told apart by its origin.
 * Throws what the system says when the directory cannot be read.
 */
export async function verifyDirectory(
  directory: string,
  options: DirectoryOptions | ((path: string) => DirectoryOptions) = {},
): Promise<DirectoryReport> {
  const ledgers: { path: string; report: VerifyReport }[] = [];
  for (const path of ledgersIn(directory)) {
    const given = typeof options === 'function' ? options(path) : options;
    ledgers.push({ path, report: await verifyLedger(path, given) });
  }
  const origins = ledgers.map(({ report }) => report.origin_id).filter((origin) => origin !== null);
  const repeated = [...new Set(origins.filter((origin, i) => origins.indexOf(origin) !== i))];
  return {
    ok: ledgers.length > 0 && repeated.length === 0 && ledgers.every(({ report }) => report.ok),
    ledgers,
    repeated_origins: repeated,
  };
}

/** The logs that have a file in a directory, without what stands beside them. */
export function ledgersIn(directory: string): string[] {
  const names = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'))
    .map((entry) => logOf(join(directory, entry.name)))
    .filter((path) => !path.endsWith('.evidence.jsonl') && !path.endsWith('.anchor.jsonl'));
  return [...new Set(names)].sort();
}
