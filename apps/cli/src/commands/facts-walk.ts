import { TRAVERSE_DEPTH_MAX, TRAVERSE_SUBJECTS_MAX, type TraverseQuery, wireFact } from '@praxis/facts';
import { type Command, Option } from 'commander';
import { action, EXIT } from '../exit.ts';
import { visible } from '../visible.ts';
import { wholeNumber } from '../whole-number.ts';
import { askedAt, type AskOptions, asOfOf, withInstantOptions, withStoreOptions } from './facts-options.ts';
import { factLines, printRest } from './facts-print.ts';
import { mayReadRestricted, withFactStore } from './facts-store.ts';

/** The questions about what hangs together. */
export function registerFactWalks(facts: Command): void {
  withWalkOptions(facts.command('impact').argument('<subject>'))
    .description('what depends on a subject, and over which edges')
    .action(
      action((subject: string, options: WalkOptions) => reach(subject, { ...options, direction: 'in' })),
    );
  withDirection(withWalkOptions(facts.command('reach').argument('<subject>')))
    .description('what can be reached from a subject')
    .action(action(reach));
  withDirection(withWalkOptions(facts.command('path').argument('<from>').argument('<to>')))
    .description('a shortest path between two subjects')
    .action(action(path));
}

interface WalkOptions extends AskOptions {
  readonly relation?: readonly string[];
  readonly depth: string;
  readonly subjects: string;
  readonly direction?: string;
}

function withWalkOptions(command: Command): Command {
  return withInstantOptions(withStoreOptions(command))
    .option('--relation <predicate...>', 'only over these edges')
    .option('--depth <n>', 'how many edges far', '8')
    .option('--subjects <n>', 'how many subjects at most', '10000');
}

function withDirection(command: Command): Command {
  return command.addOption(
    new Option('--direction <direction>', 'out follows edges, in asks who points here')
      .choices(['out', 'in', 'both'])
      .default('out'),
  );
}

function walkOf(from: string, options: WalkOptions): TraverseQuery {
  const direction = options.direction === 'in' || options.direction === 'both' ? options.direction : 'out';
  return {
    from,
    direction,
    ...asOfOf(options, askedAt({})),
    ...(options.relation === undefined ? {} : { relations: options.relation }),
    depthMax: wholeNumber(options.depth, 1, TRAVERSE_DEPTH_MAX, '--depth'),
    subjectsMax: wholeNumber(options.subjects, 1, TRAVERSE_SUBJECTS_MAX, '--subjects'),
    allowRestricted: mayReadRestricted(),
  };
}

async function reach(subject: string, options: WalkOptions): Promise<void> {
  await withFactStore(options, async (store) => {
    const result = await store.traverse(walkOf(subject, options));
    if (options.json === true) {
      const reached = result.reached.map((one) => ({ ...one, path: one.path.map(wireFact) }));
      console.log(JSON.stringify({ ...result, reached }));
      return;
    }
    for (const { subject: found, depth, path: edges } of result.reached) {
      const over = edges.map((edge) => visible(edge.predicate)).join(', ');
      console.log(`${'  '.repeat(depth - 1)}${visible(found)}  (${over})`);
    }
    printRest(result.reached.length === 0, result);
    if (result.truncated) console.log('cut off: there may be more beyond the bounds');
  });
}

async function path(from: string, to: string, options: WalkOptions): Promise<void> {
  await withFactStore(options, async (store) => {
    const result = await store.shortestPath({ ...walkOf(from, options), to });
    if (options.json === true)
      console.log(JSON.stringify({ ...result, path: result.path?.map(wireFact) ?? null }));
    else if (result.path?.length === 0) console.log(`${visible(from)}  (no edges: it is where it began)`);
    else if (result.path !== null) for (const edge of result.path) console.log(factLines(edge));
    else {
      console.log('no path');
      printRest(false, result);
      if (result.truncated) console.log('cut off: there may be one beyond the bounds');
    }
    if (result.path === null) process.exitCode = EXIT.no;
  });
}
