import { closeSync, fdatasync, openSync, writeSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { sha256Hex } from '@praxis/core';

const datasync = promisify(fdatasync);

/** One line of a table: how often a second, and which part of the ceiling that is. */
export interface Measured {
  readonly what: string;
  readonly perSecond: number;
  readonly ceiling: string;
  readonly share: number | null;
}

/** Calls per second with `callers` at the same time, the median of several rounds after one to warm up. */
export async function ratePerSecond(
  work: (index: number) => unknown,
  { count, callers = 1, rounds = 5 }: { count: number; callers?: number; rounds?: number },
): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    let next = 0;
    const from = performance.now();
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (next < count) await work(next++);
      }),
    );
    rates.push((count * 1000) / (performance.now() - from));
  }
  const sorted = rates.slice(1).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
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
  const lines = rows.map(({ what, perSecond, ceiling, share }) => {
    const part = share === null ? '' : `${(share * 100).toFixed(0)} %`;
    return `| ${what} | ${Math.round(perSecond).toLocaleString('en')} | ${(1e6 / perSecond).toFixed(0)} | ${ceiling} | ${part} |`;
  });
  const [load = 0] = loadavg();
  console.log(`### ${title}\n`);
  console.log(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, load ${load.toFixed(1)}\n`,
  );
  console.log('| what | a second | µs each | ceiling | of the ceiling |\n|---|---:|---:|---|---:|');
  console.log(`${lines.join('\n')}\n`);
}
