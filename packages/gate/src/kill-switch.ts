import { type FSWatcher, lstatSync, mkdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Clock, formatInstant } from '@praxis/core';
import { redactText } from '@praxis/screen';
import { GateError } from './errors.ts';

/** How often the sentinel file is looked at, in milliseconds, where the platform reports no changes. */
export const SENTINEL_POLL_MS = 250;

/** Where the stop is kept, and the clock that dates it. */
export interface KillSwitchOptions {
  /** A file whose existence stops everything, also across restarts; `null` keeps the stop in memory only. */
  readonly sentinelPath: string | null;
  readonly clock: Clock;
}

/**
 * The stop for everything. Once tripped, every call is refused and `signal` is aborted, so that work in
 * flight ends too. It never clears by itself: removing the sentinel file does not clear a running process.
 */
export class KillSwitch {
  readonly #sentinelPath: string | null;
  readonly #clock: Clock;
  #controller = new AbortController();
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: KillSwitchOptions) {
    this.#sentinelPath = options.sentinelPath;
    this.#clock = options.clock;
    this.tripped();
  }

  /** Aborted when the switch trips; hand it to whatever runs. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether the stop is in force. An unreadable sentinel path counts as tripped. */
  tripped(): boolean {
    if (!this.signal.aborted && this.#sentinelPresent()) this.#controller.abort();
    return this.signal.aborted;
  }

  /**
   * Stops everything at once, then makes the stop durable. Throws `KILL_SWITCH_UNWRITABLE` when the
   * sentinel cannot be written; the stop in memory holds all the same.
   */
  trip(reason: string): void {
    this.#controller.abort();
    if (this.#sentinelPath === null) return;
    try {
      mkdirSync(dirname(this.#sentinelPath), { recursive: true, mode: 0o700 });
      const line = `${formatInstant(this.#clock.now())} ${redactText(reason).replace(/\s+/g, ' ')}\n`;
      writeFileSync(this.#sentinelPath, line, { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      if (this.#sentinelPresent()) return;
      throw new GateError(
        'KILL_SWITCH_UNWRITABLE',
        'the stop holds in memory but could not be made durable',
        {
          cause,
        },
      );
    }
  }

  /** An operator's act, out of band: removes the sentinel and lets new work start. */
  reset(): void {
    if (this.#sentinelPath !== null) rmSync(this.#sentinelPath, { force: true });
    this.#controller = new AbortController();
  }

  /** Notices a sentinel created by hand while work is running, without waiting for the next call. */
  watch(): void {
    if (this.#sentinelPath === null || this.#timer !== null) return;
    const name = basename(this.#sentinelPath);
    try {
      this.#watcher = watch(dirname(this.#sentinelPath), (_event, changed) => {
        if (changed === name) this.tripped();
      });
      this.#watcher.unref();
      this.#watcher.on('error', () => this.tripped());
    } catch {
      // No watcher on this file system: the timer below sees the file a moment later.
      this.#watcher = null;
    }
    this.#timer = setInterval(() => this.tripped(), SENTINEL_POLL_MS);
    this.#timer.unref();
  }

  close(): void {
    this.#watcher?.close();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#watcher = null;
    this.#timer = null;
  }

  #sentinelPresent(): boolean {
    if (this.#sentinelPath === null) return false;
    try {
      lstatSync(this.#sentinelPath);
      return true;
    } catch (error) {
      // Only a certain "no such file" means that nobody asked for a stop.
      return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
    }
  }
}
