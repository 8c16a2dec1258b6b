// Gives every run of the tests one temporary directory of its own, in which all that tests and the processes
// they start put aside must be gone at the end. What remains is named, removed, and fails the run.
import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The start of the name of a run's directory; the id of the run's process follows. */
const RUN_PREFIX = 'px-run-';
/** How long the last workers may take to end after their last test. */
const LAST_WORKER_WAIT_MS = 5_000;
const POLL_MS = 50;
const NAMES_SHOWN_MAX = 10;
/** What npm keeps in a temporary directory on purpose, for its next start. */
const NPM_CACHE = 'node-compile-cache';

/** Sets the run's temporary directory up for the workers, and returns what looks at it afterwards. */
export function setup(): () => Promise<void> {
  const parent = realpathSync(tmpdir());
  removeAbandoned(parent);
  const scratch = mkdtempSync(join(parent, `${RUN_PREFIX}${process.pid}-`));
  // Passable for others, as a PostgreSQL under test runs as a user of its own; what lies in it is owner-only.
  chmodSync(scratch, 0o711);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = scratch;
  return async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const left = await leftOver(scratch);
    rmSync(scratch, { recursive: true, force: true });
    if (left.length === 0) return;
    const names = left.slice(0, NAMES_SHOWN_MAX).join(', ');
    throw new Error(`tests left ${left.length} entries in their temporary directory: ${names}`);
  };
}

async function leftOver(scratch: string): Promise<readonly string[]> {
  for (let waitedMs = 0; waitedMs < LAST_WORKER_WAIT_MS; waitedMs += POLL_MS) {
    if (entries(scratch).length === 0) return [];
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return entries(scratch).map((name) => `${name} [${contents(join(scratch, name))}]`);
}

function entries(scratch: string): readonly string[] {
  return readdirSync(scratch).filter((name) => name !== NPM_CACHE);
}

function contents(path: string): string {
  return statSync(path).isDirectory() ? readdirSync(path).slice(0, NAMES_SHOWN_MAX).join(' ') : 'file';
}

/** Removes the directories of this user's runs that were killed. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const owner = /^px-run-(\d+)-\w{6}$/.exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    const path = join(parent, name);
    if (statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.()) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
