import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { errorCode, errorMessage } from '@praxis/core';
import { z } from 'zod';
import { stemOf } from '../log/segments.ts';

/** How often, at the most, it is written down how far each sink has come, in milliseconds. */
export const SINK_PLACES_MS = 1_000;
const PLACES_BYTES_MAX = 65_536;

const placesSchema = z.record(z.string(), z.int().min(0));

/**
 * How far each sink has come, in a small file beside the log, so that one that was away over a restart gets
 * what it lacks. After a crash a sink may get some records twice, never too few.
 */
export class SinkPlaces {
  readonly #path: string;
  readonly #stored: Readonly<Record<string, number>>;
  readonly #now: () => Readonly<Record<string, number>>;
  #timer: NodeJS.Timeout | null = null;
  /** Why the places could not be kept the last time, or null. */
  failure: string | null = null;

  constructor(logPath: string, now: () => Readonly<Record<string, number>>) {
    this.#path = `${stemOf(logPath)}.sinks`;
    this.#now = now;
    this.#stored = readPlaces(this.#path);
  }

  /** Where a sink goes on: where it was, or at the end of the log when it is new. */
  startOf(name: string, end: number): number {
    return Math.min(this.#stored[name] ?? end, end);
  }

  /** A sink has come further. */
  moved(): void {
    this.#timer ??= setTimeout(() => this.save(), SINK_PLACES_MS);
    this.#timer.unref();
  }

  /** Writes the places down now. */
  save(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    try {
      const fd = openSync(`${this.#path}.new`, 'w', 0o600);
      try {
        writeFileSync(fd, `${JSON.stringify(this.#now())}\n`);
      } finally {
        closeSync(fd);
      }
      renameSync(`${this.#path}.new`, this.#path);
      this.failure = null;
    } catch (error) {
      this.failure = errorMessage(error);
    }
  }
}

/** Nothing when there is no such file, or one that makes no sense: then every sink goes on at the end. */
function readPlaces(path: string): Readonly<Record<string, number>> {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length > PLACES_BYTES_MAX ? {} : (placesSchema.safeParse(JSON.parse(text)).data ?? {});
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return {};
    throw error;
  }
}
