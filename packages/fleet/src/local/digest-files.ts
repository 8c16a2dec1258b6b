import { errorMessage, sha256Hex } from '@praxis/core';
import type { FileSource } from './file-source.ts';
import { isMissing } from './file-source.ts';
import { type LocalError, type LocalRow, sourceErrorCode } from './local-collector.ts';

/** The largest file that is digested, in bytes. */
export const DIGEST_BYTES_MAX: number = 16 * 1024 * 1024;

/** How many files one table may digest. */
export const DIGEST_FILES_MAX = 10_000;

interface DigestTable {
  readonly rows: LocalRow[] | null;
  readonly problems: Omit<LocalError, 'collector'>[];
}

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
      if (isMissing(error)) continue;
      problems.push({ code: sourceErrorCode(error), message: `${file}: ${errorMessage(error)}` });
      rows.push(unreadableRow(file));
    }
  }
  return { rows, problems };
}

/** Stands for something that is there and could not be read, so that its table does not claim it is absent. */
function unreadableRow(file: string): LocalRow {
  return { path: file, mode: '', uid: '', gid: '', sha256: '', size: '' };
}

/** Like `digestFiles`, and all files directly in the directories; an unreadable directory is a row of its own. */
export async function digestTree(
  source: FileSource,
  files: readonly string[],
  directories: readonly string[],
): Promise<DigestTable> {
  const all = new Set(files);
  const closed: LocalRow[] = [];
  const problems: Omit<LocalError, 'collector'>[] = [];
  for (const directory of directories) {
    try {
      for (const name of await source.names(directory)) all.add(`${directory}/${name}`);
    } catch (error) {
      problems.push({ code: sourceErrorCode(error), message: `${directory}: ${errorMessage(error)}` });
      closed.push(unreadableRow(`${directory}/`));
    }
  }
  if (all.size > DIGEST_FILES_MAX) {
    const message = `more than ${DIGEST_FILES_MAX} files`;
    return { rows: null, problems: [...problems, { code: 'source_too_large', message }] };
  }
  const digests = await digestFiles(source, [...all].sort());
  return { rows: [...digests.rows, ...closed], problems: [...problems, ...digests.problems] };
}
