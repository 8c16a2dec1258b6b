import { errorMessage, sha256Hex } from '@praxis/core';
import type { FileSource } from './file-source.ts';
import { isMissing } from './file-source.ts';
import { type LocalError, type LocalRow, sourceErrorCode } from './local-collector.ts';

/** The largest file that is digested, in bytes. */
export const DIGEST_BYTES_MAX: number = 16 * 1024 * 1024;

/** Digest, mode and owner of files; missing ones are left out, unreadable ones are problems. */
export async function digestFiles(
  source: FileSource,
  files: readonly string[],
): Promise<{ rows: LocalRow[]; problems: Omit<LocalError, 'collector'>[] }> {
  const rows: LocalRow[] = [];
  const problems: Omit<LocalError, 'collector'>[] = [];
  for (const file of files) {
    try {
      const stat = await source.stat(file);
      if (!stat.isFile()) continue;
      // The row of an unreadable file still shows its mode and owner.
      const row = {
        path: file,
        mode: (stat.mode & 0o7777).toString(8).padStart(4, '0'),
        uid: String(stat.uid),
        gid: String(stat.gid),
      };
      try {
        const bytes = await source.bytes(file, DIGEST_BYTES_MAX);
        rows.push({ ...row, sha256: sha256Hex(bytes), size: String(bytes.length) });
      } catch (error) {
        problems.push({ code: sourceErrorCode(error), message: `${file}: ${errorMessage(error)}` });
        rows.push({ ...row, sha256: '', size: '' });
      }
    } catch (error) {
      if (!isMissing(error))
        problems.push({ code: sourceErrorCode(error), message: `${file}: ${errorMessage(error)}` });
    }
  }
  return { rows, problems };
}
