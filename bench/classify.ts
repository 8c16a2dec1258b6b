import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { parse } from 'unbash';
import { classify, type ShellKind } from '../packages/policy/src/shell/classify.ts';

/** Rounds over the whole corpus before anything is measured. */
const WARMUP_ROUNDS = 60;
/** Measured rounds; the figure of a command is its median over these. */
const ROUNDS = 41;

interface Command {
  readonly cmd: string;
  readonly shell?: ShellKind;
}

const VECTORS = new URL('../vectors/', import.meta.url);

function readCommands(): Command[] {
  const commands: Command[] = [];
  for (const file of ['classify.jsonl', 'classify-more.jsonl']) {
    for (const line of readFileSync(new URL(file, VECTORS), 'utf8').split('\n')) {
      if (line !== '') commands.push(JSON.parse(line) as Command);
    }
  }
  return commands;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}

/** Median time of one call for each command, in microseconds. */
function measure(commands: readonly Command[], run: (command: Command) => unknown): number[] {
  for (let round = 0; round < WARMUP_ROUNDS; round++) for (const command of commands) run(command);
  return commands.map((command) => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const from = performance.now();
      run(command);
      times.push((performance.now() - from) * 1_000);
    }
    return median(times);
  });
}

function report(name: string, times: number[]): number {
  times.sort((a, b) => a - b);
  const at = (share: number): string =>
    (times[Math.floor((times.length - 1) * share)] ?? Number.NaN).toFixed(2);
  console.log(`${name}: median ${at(0.5)} µs, p90 ${at(0.9)} µs, p99 ${at(0.99)} µs, worst ${at(1)} µs`);
  return median(times);
}

const all = readCommands();
const bash = all.filter((command) => command.shell === undefined || command.shell === 'bash');
console.log(
  `${all.length} commands, ${bash.length} of them bash; every call does the whole work, nothing is cached`,
);
const parsing = report(
  'parse alone',
  measure(bash, (command) => parse(command.cmd)),
);
const classifying = report(
  'classify (bash)',
  measure(bash, (command) => classify(command.cmd)),
);
report(
  'classify (all shells)',
  measure(all, (command) => classify(command.cmd, { shell: command.shell ?? 'bash' })),
);
console.log(`classification costs ${(classifying / parsing).toFixed(1)} times the parsing`);
