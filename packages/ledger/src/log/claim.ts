import { errorCode, errorMessage, PraxisError } from '@praxis/core';
import type { ChainPosition } from '../chain-walk.ts';
import { ledgerError } from '../errors.ts';
import { acquireLock, type Lock } from './lock.ts';
import { listSegments } from './segments.ts';

/** The file that is written on. A log whose first segment was archived must not get an empty one in its place. */
export function lastSegment(path: string): string {
  try {
    return listSegments(path).at(-1)?.path ?? path;
  } catch (error) {
    // No such directory yet, or no directory: opening the file makes it, or says what is wrong.
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return path;
    throw ledgerError(
      'LEDGER_UNWRITABLE',
      `the ledger at \`${path}\` cannot be found: ${errorMessage(error)}`,
      {
        cause: error,
        fields: { path, reason: 'directory' },
      },
    );
  }
}

/** Takes the lock of a log. Throws `LEDGER_LOCKED`, or `LEDGER_UNWRITABLE` where none can be laid. */
export function lockOf(path: string): Lock {
  try {
    return acquireLock(path);
  } catch (error) {
    if (error instanceof PraxisError) throw error;
    throw ledgerError(
      'LEDGER_UNWRITABLE',
      `the ledger at \`${path}\` cannot be locked: ${errorMessage(error)}`,
      {
        cause: error,
        fields: { path, reason: 'lock' },
      },
    );
  }
}

/** Throws `LEDGER_UNWRITABLE` for the log of another ledger than the one that is asked for. */
export function refuseForeignOrigin(
  options: { readonly path: string; readonly originId?: string | undefined },
  { originId }: ChainPosition,
): void {
  if (options.originId === undefined || originId === null || originId === options.originId) return;
  throw ledgerError('LEDGER_UNWRITABLE', `the ledger at \`${options.path}\` belongs to \`${originId}\``, {
    fields: { path: options.path, reason: 'foreign_origin' },
  });
}
