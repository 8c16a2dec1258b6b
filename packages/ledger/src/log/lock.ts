import {
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import { errorCode } from '@praxis/core';
import { type LedgerError, ledgerError } from '../errors.ts';

/** How often the holder of a lock shows that it lives, in milliseconds. */
export const LOCK_HEARTBEAT_MS = 5_000;
/** How old the sign of life of a holder that cannot be looked up may be, in milliseconds. */
export const LOCK_STALE_MS = 60_000;

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  /** The kernel's start time of that process: tells a reused process id apart. */
  readonly started: string | null;
  /** Boot and process-id namespace: where `pid` means something. */
  readonly place: string;
  readonly released: boolean;
}

/** A held lock. */
export interface Lock {
  release(): void;
}

/**
 * Takes the single-writer lock of a log, or throws `LEDGER_LOCKED`.
 *
 * The lock is a file `LOG.lock.N`; the holder is whoever made the highest generation N. A generation
 * is made by `link`, which only one process can win and which shows a complete file or none. A crashed
 * holder's generation is superseded, never removed and made anew: with removal, two processes that saw
 * the same stale lock could each end up holding. Older generations are only cleared away after a newer
 * one exists, and whoever makes one checks that no newer one exists, so a slow rival always notices.
 */
export function acquireLock(logPath: string): Lock {
  const directory = dirname(logPath);
  const prefix = `${basename(logPath)}.lock.`;
  const draft = join(directory, `${prefix}${process.pid}-${randomBytes(6).toString('hex')}`);
  const held = latest(directory, prefix);
  writeFileSync(draft, content(false), { mode: 0o600, flag: 'wx' });
  try {
    if (held > 0) refuseLiveHolder(join(directory, prefix + held), draft, logPath);
    const path = join(directory, prefix + (held + 1));
    claim(draft, path, logPath);
    if (latest(directory, prefix) !== held + 1) {
      unlinkSync(path);
      throw locked(logPath, null);
    }
    clearOlder(directory, prefix, held + 1);
    return holdLock(path);
  } finally {
    unlinkSync(draft);
  }
}

function holdLock(path: string): Lock {
  const fd = openSync(path, 'r+');
  const heartbeat = setInterval(() => {
    // Rewriting the same bytes moves the modification time by the file system's own clock.
    writeSync(fd, content(false), 0);
  }, LOCK_HEARTBEAT_MS);
  heartbeat.unref();
  return {
    release(): void {
      clearInterval(heartbeat);
      writeSync(fd, content(true), 0);
      closeSync(fd);
    },
  };
}

function claim(draft: string, path: string, logPath: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw locked(logPath, null);
    throw error;
  }
}

function latest(directory: string, prefix: string): number {
  return Math.max(0, ...generations(directory, prefix));
}

function generations(directory: string, prefix: string): number[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
}

function clearOlder(directory: string, prefix: string, own: number): void {
  for (const generation of generations(directory, prefix)) {
    if (generation < own) rmSync(join(directory, prefix + generation), { force: true });
  }
}

function refuseLiveHolder(path: string, draft: string, logPath: string): void {
  const holder = readHolder(path);
  if (holder?.released === true) return;
  if (holder !== null && holder.place === place()) {
    if (isRunning(holder)) throw locked(logPath, holder.pid);
    return;
  }
  if (holder !== null && hostOf(holder) === hostname() && bootOf(holder) !== bootOf(self())) return;
  // Another namespace or machine: its process ids say nothing here, only its sign of life does.
  const age = statSync(draft).mtimeMs - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  if (age < LOCK_STALE_MS) throw locked(logPath, holder?.pid ?? null);
}

function readHolder(path: string): Holder | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isHolder(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const holder = value as Partial<Holder>;
  return typeof holder.pid === 'number' && typeof holder.place === 'string';
}

function isRunning(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  const found = processOf(holder.pid);
  // A zombie has ended, although its parent has not asked yet how.
  if (found !== null && (found.state === 'Z' || found.state === 'X')) return false;
  return found === null || holder.started === null || found.started === holder.started;
}

/** Always the same length for one process, so that rewriting it in place never shows a mixture. */
function content(released: boolean): string {
  return JSON.stringify({ ...self(), released }).padEnd(CONTENT_BYTES);
}

const CONTENT_BYTES = 512;

function self(): Omit<Holder, 'released'> {
  return { pid: process.pid, started: processOf(process.pid)?.started ?? null, place: place() };
}

function hostOf(holder: { readonly place: string }): string {
  return holder.place.split('/')[0] ?? '';
}

function bootOf(holder: { readonly place: string }): string {
  return holder.place.split('/')[1] ?? '';
}

/** `HOST/BOOT/NAMESPACE`: two holders at one place can look each other's process up. */
function place(): string {
  return `${hostname()}/${readOr('/proc/sys/kernel/random/boot_id')}/${namespace()}`;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    // Systems without /proc have no boot id to compare; the process id alone decides there.
    return errorCode(error);
  }
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch (error) {
    return errorCode(error);
  }
}

/** State and start time (clock ticks since boot) of a process, or null where they cannot be read. */
function processOf(pid: number): { state: string; started: string } | null {
  const stat = readOr(`/proc/${pid}/stat`);
  const afterName = stat.lastIndexOf(') ');
  if (afterName === -1) return null;
  const fields = stat.slice(afterName + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '' };
}

function locked(logPath: string, pid: number | null): LedgerError {
  const who = pid === null ? 'another process' : `process ${pid}`;
  return ledgerError('LEDGER_LOCKED', `the ledger at \`${logPath}\` is held by ${who}`, {
    fields: { path: logPath, pid },
  });
}
