import { LogWalk } from '../log/log-walk.ts';
import { walkFile } from '../log/recover.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { evidenceArgs } from './evidence-entry.ts';
import type { LastCheckpoint } from './evidence.ts';

/** The last checkpoint in an evidence log, as far as that log is whole. */
export async function readLastCheckpoint(path: string): Promise<LastCheckpoint | null> {
  let last: LastCheckpoint | null = null;
  const walk = new LogWalk(null, (record) => {
    const note = evidenceArgs(record, 'checkpoint', ['note'])?.['note'];
    const parsed = note === undefined ? null : parseCheckpoint(note);
    if (note !== undefined && parsed !== null)
      last = { size: parsed.checkpoint.size, root: parsed.checkpoint.root, note };
  });
  await walkFile(path, 0, walk);
  return last;
}
