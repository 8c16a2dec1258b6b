// Stops real process trees at random moments, in all the ways they can end, and looks for survivors.
import { readdirSync, readFileSync } from 'node:fs';
import { runProcess } from '../../packages/actuation/src/process/run-process.ts';

const ROUNDS = process.argv.includes('--full') ? 2000 : 60;
const PARALLEL = 4;
const STOP_AFTER_MS_MAX = 120;
const GRACE_MS = 400;
const SETTLE_MS = 200;

/** Trees that end by themselves, fork on, ignore being asked, or flood. */
const TREES: readonly string[] = [
  'sleep 30 & sleep 30 & wait',
  'for n in 1 2 3 4 5; do (sleep 30 & wait) & done; wait',
  'trap "" TERM; while :; do sleep 0.02; done',
  'yes "$MARK" | head -c 3000000; sleep 30',
  'sleep 30 >/dev/null 2>&1 & exit 3',
  'bash -c "bash -c \\"sleep 30\\" & wait" & wait',
];

/** Processes whose command line carries the mark, zombies aside. */
function survivors(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const isZombie = /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      return !isZombie && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark);
    } catch {
      // It ended while we looked.
      return false;
    }
  });
}

async function round(number: number, mark: string): Promise<void> {
  const tree = TREES[number % TREES.length] ?? '';
  const stopAfterMs = Math.floor(Math.random() * STOP_AFTER_MS_MAX);
  const byAbort = number % 2 === 0;
  const result = await runProcess(['bash', '--noprofile', '--norc', '-c', `export MARK=${mark}; ${tree}`], {
    graceMs: GRACE_MS,
    outputBytesMax: 1000,
    timeoutMs: byAbort ? 60_000 : stopAfterMs,
    signal: byAbort ? AbortSignal.timeout(stopAfterMs) : undefined,
  });
  const ended = result.stopped || result.timedOut || result.exitCode === 3;
  if (!ended)
    throw new Error(
      `\`${tree}\` ended in an unknown way: ${JSON.stringify(result.signal ?? result.exitCode)}`,
    );
}

/** A search that cannot find a running process would report that none is left. */
async function checkSearch(mark: string): Promise<void> {
  const abort = new AbortController();
  let found = 0;
  await runProcess(
    ['bash', '--noprofile', '--norc', '-c', `export MARK=${mark}; sleep 30 & sleep 0.2; echo ready; wait`],
    {
      graceMs: GRACE_MS,
      signal: abort.signal,
      onOutput: () => {
        found = survivors(mark).length;
        abort.abort();
      },
    },
  );
  if (found === 0) throw new Error('the search does not see a process that runs');
}

const mark = `praxis-soak-${process.pid}`;
await checkSearch(mark);
for (let start = 0; start < ROUNDS; start += PARALLEL) {
  await Promise.all(Array.from({ length: PARALLEL }, (_, index) => round(start + index, mark)));
}
await new Promise((settle) => setTimeout(settle, SETTLE_MS));
const left = survivors(mark);
console.log(`${ROUNDS} process trees stopped, ${left.length} processes left`);
process.exitCode = left.length === 0 ? 0 : 1;
