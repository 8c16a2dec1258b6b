import { systemClock } from '@praxis/core';
import { collectLocal, parseTelemetry } from '@praxis/fleet';
import type { Command } from 'commander';
import { PraxisError } from '@praxis/core';
import { hostname } from 'node:os';
import { action, EXIT } from '../exit.ts';
import { readAll } from '../jsonl.ts';

/** More than the bound on telemetry, so that the parser itself says that it is too much. */
const INPUT_BYTES_MAX: number = 64 * 1024 * 1024;

/** `praxis collect`: what facts are in this telemetry, or on this machine? Stores nothing. */
export function registerCollectCommand(program: Command): void {
  program
    .command('collect')
    .description('parse telemetry from standard input, or look at this machine, and print the facts')
    .option('--parse <collector>', 'osquery, aide, probe, talos or cis: parse standard input')
    .option('--subject <subject>', 'for example host:web1 (default: this machine)')
    .option('--predicate <predicate>', 'default: the collector decides')
    .option('--root <directory>', 'look at this tree instead of /')
    .action(action(run));
}

interface Options {
  readonly parse?: string;
  readonly subject?: string;
  readonly predicate?: string;
  readonly root?: string;
}

async function run(options: Options): Promise<void> {
  const result = options.parse === undefined ? await local(options) : await parsed(options.parse, options);
  const facts = result.facts.map(({ subject, predicate, factType, value }) => ({
    subject,
    predicate,
    fact_type: factType,
    value,
  }));
  console.log(JSON.stringify({ facts, typed: result.typed, errors: result.errors }));
  process.exitCode = result.errors.length > 0 && facts.length === 0 ? EXIT.no : EXIT.yes;
}

async function parsed(collector: string, options: Options): Promise<ReturnType<typeof parseTelemetry>> {
  if (options.subject === undefined) throw new PraxisError('USAGE', '--parse needs --subject');
  const raw = await readAll(process.stdin, INPUT_BYTES_MAX);
  return parseTelemetry({
    collector,
    subject: options.subject,
    ...(options.predicate === undefined ? {} : { predicate: options.predicate }),
    raw,
    now: systemClock.now(),
  });
}

function local(options: Options): ReturnType<typeof collectLocal> {
  return collectLocal({
    subject: options.subject ?? `host:${hostname()}`,
    clock: systemClock,
    ...(options.root === undefined ? {} : { root: options.root }),
  });
}
