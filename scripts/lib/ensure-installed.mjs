// Installs the workspace's npm packages when what is in node_modules is not what package-lock.json says.
// Plain JavaScript for any Node from 20: this runs before the pinned Node is there.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

const LOCK_WAIT_MS = 600_000;
const LOCK_POLL_MS = 200;
// A holder writes its pid right after it made the directory; without one for this long it died in between.
const LOCK_OWNERLESS_MS = 5_000;

/**
 * Makes `node_modules` under `prefix` what its lock file says; does nothing when it already is.
 * Two processes that need it at once take turns. Exits the process with npm's code when npm fails.
 */
export function ensureInstalled(prefix = ROOT, label = 'npm packages') {
  if (isInstalled(prefix)) return;
  const release = acquireLock(join(prefix, '.scratch', 'install.lock'));
  try {
    if (isInstalled(prefix)) return;
    process.stdout.write(`installing ${label} (npm ci in ${prefix})\n`);
    // `inherit` for stdout would mix npm's summary into what a caller pipes; a failure is on stderr.
    const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', prefix], {
      cwd: prefix,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    if (done.error) throw done.error;
    if (done.status !== 0) {
      release();
      process.exit(done.status ?? 1);
    }
  } finally {
    release();
  }
}

/** True when every package of the lock file stands in `node_modules` in the locked version. */
function isInstalled(prefix) {
  const wanted = readLock(join(prefix, 'package-lock.json'));
  // npm writes this hidden lock file as the last step of an installation.
  const present = readLock(join(prefix, 'node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue;
    const found = present[path];
    if (!found) {
      if (entry.optional || entry.devOptional) continue;
      return false;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return false;
  }
  return existsSync(join(prefix, 'node_modules', 'node', 'bin', 'node'));
}

function readLock(path) {
  if (!existsSync(path)) return null;
  return JSON.parse(readFileSync(path, 'utf8')).packages ?? null;
}

function acquireLock(directory) {
  mkdirSync(join(directory, '..'), { recursive: true });
  const startedMs = Date.now();
  for (;;) {
    try {
      mkdirSync(directory);
      writeFileSync(join(directory, 'pid'), String(process.pid));
      return () => rmSync(directory, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const waitedMs = Date.now() - startedMs;
    if (isStale(directory, waitedMs)) rmSync(directory, { recursive: true, force: true });
    else if (waitedMs > LOCK_WAIT_MS) throw new Error(`another installation holds ${directory}`);
    else sleep(LOCK_POLL_MS);
  }
}

function isStale(directory, waitedMs) {
  try {
    const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0) return waitedMs > LOCK_OWNERLESS_MS;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    if (error.code === 'ENOENT') return waitedMs > LOCK_OWNERLESS_MS;
    return error.code === 'ESRCH';
  }
}

function sleep(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) ensureInstalled();
