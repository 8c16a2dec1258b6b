import { closeSync, fdatasync, openSync, writeSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { sha256Hex } from '@praxis/core';

const datasync = promisify(fdatasync);

/** One thing to measure. */
export interface Measure {
  readonly what: string;
  readonly work: (index: number) => unknown;
  /** How many calls are under way at once. */
  readonly callers: number;
  /** What it is compared with: the `what` of another measure, or nothing for a ceiling. */
  readonly ceiling: string | null;
}

/** One line of a table: how often a second, and which part of the ceiling that is. */
export interface Measured extends Measure {
  readonly perSecond: number;
  readonly share: number | null;
}

/** Rounds of each measure; they take turns, so that what else the machine does hits all of them alike. */
const ROUNDS = 9;

/**
 * Calls a second of each measure in the best of its rounds: other work on the machine only ever slows a round
 * down, so the best one says most about the code.
 */
export async function measureAll(measures: readonly Measure[], count: number): Promise<Measured[]> {
  const best = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { what, work, callers } of measures) {
      best.set(what, Math.max(best.get(what) ?? 0, await rateOfRound(work, count, callers)));
    }
  }
  return measures.map((measure) => {
    const perSecond = best.get(measure.what) ?? 0;
    const of = measure.ceiling === null ? undefined : best.get(measure.ceiling);
    return { ...measure, perSecond, share: of === undefined ? null : perSecond / of };
  });
}

async function rateOfRound(work: Measure['work'], count: number, callers: number): Promise<number> {
  let next = 0;
  const from = performance.now();
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < count) await work(next++);
    }),
  );
  return (count * 1000) / (performance.now() - from);
}

/** What any audited call costs at least: read the request, digest its record, write it, wait for the disk. */
export function bareRecorder(
  path: string,
  recordBytes: number,
): { readonly call: () => Promise<void>; readonly close: () => void } {
  const fd = openSync(path, 'a', 0o600);
  const request = JSON.stringify({ name: 'query_facts', arguments: { subject: 'host:web1' } });
  const pad = 'x'.repeat(recordBytes);
  return {
    call: async () => {
      const parsed = JSON.parse(request) as { name: string };
      writeSync(fd, `${sha256Hex(parsed.name + pad)}${pad.slice(64)}\n`);
      await datasync(fd);
    },
    close: () => closeSync(fd),
  };
}

/** The table, and what it was measured on. */
export function printTable(title: string, rows: readonly Measured[]): void {
  const lines = rows.map(({ what, perSecond, share }) => {
    const part = share === null ? '' : `${(share * 100).toFixed(0)} %`;
    const each = (1e6 / perSecond).toFixed(0);
    return `| ${what} | ${Math.round(perSecond).toLocaleString('en')} | ${each} | ${part} |`;
  });
  const [load = 0] = loadavg();
  console.log(`### ${title}\n`);
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${load.toFixed(1)}\n`,
  );
  console.log('| what | a second | µs each | of the ceiling above |\n|---|---:|---:|---:|');
  console.log(`${lines.join('\n')}\n`);
}
