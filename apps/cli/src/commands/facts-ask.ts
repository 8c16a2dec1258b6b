import { PraxisError, systemClock } from '@praxis/core';
import { type FactStore, type TraverseQuery, type ValueCondition, wireFact } from '@praxis/facts';
import { type Command, Option } from 'commander';
import { action, EXIT } from '../exit.ts';
import {
  type AskOptions,
  asOfOf,
  filterOf,
  instantOf,
  microsOf,
  pageOf,
  withFilterOptions,
  withInstantOptions,
  withStoreOptions,
} from './facts-options.ts';
import { changeLines, factLines, printPage, printRest } from './facts-print.ts';
import { mayReadRestricted, withFactStore } from './facts-store.ts';
import { wirePage } from './facts-wire.ts';

interface QueryOptions extends AskOptions {
  readonly text?: string;
  readonly where?: readonly string[];
  readonly since?: string;
}

/** A question put with options instead of JSON lines. */
export async function askQuery(options: QueryOptions): Promise<void> {
  await answerPage(options, (store, allowRestricted) =>
    store.query({
      ...filterOf(options),
      ...asOfOf(options),
      ...pageOf(options),
      ...(options.text === undefined ? {} : { text: options.text }),
      ...(options.where === undefined ? {} : { where: options.where.map(conditionOf) }),
      ...(options.since === undefined ? {} : { becameValidSince: instantOf(options.since) }),
      allowRestricted,
    }),
  );
}

/** The questions about the past and about what hangs together. */
export function registerFactQuestions(facts: Command): void {
  withFilterOptions(facts.command('history').argument('<subject>'))
    .description('every version, believed or not, in order of recording')
    .action(action(history));
  withFilterOptions(facts.command('stale').argument('<age>', 'for example 24h'))
    .description('what is believed but was not observed for that long')
    .action(action(stale));
  withFilterOptions(facts.command('diff'))
    .option('--from-valid <instant>', 'the earlier instant, about when')
    .option('--to-valid <instant>', 'the later instant, about when; default: now')
    .option('--from-recorded <instant>', 'the earlier instant, as believed when')
    .option('--to-recorded <instant>', 'the later instant, as believed when; default: now')
    .description('what changed between two instants, on either axis')
    .action(action(diff));
  withWalkOptions(facts.command('impact').argument('<subject>'))
    .description('what depends on a subject, and over which edges')
    .action(
      action((subject: string, options: WalkOptions) => reach(subject, { ...options, direction: 'in' })),
    );
  withWalkOptions(facts.command('reach').argument('<subject>'))
    .addOption(new Option('--direction <direction>').choices(['out', 'in', 'both']).default('out'))
    .description('what can be reached from a subject')
    .action(action(reach));
  withWalkOptions(facts.command('path').argument('<from>').argument('<to>'))
    .description('a shortest path between two subjects')
    .action(action(path));
}

interface WalkOptions extends AskOptions {
  readonly relation?: readonly string[];
  readonly depth?: string;
  readonly direction?: string;
}

function withWalkOptions(command: Command): Command {
  return withInstantOptions(withStoreOptions(command))
    .option('--relation <predicate...>', 'only over these edges')
    .option('--depth <n>', 'how many edges far', '8');
}

async function answerPage(
  options: AskOptions,
  ask: (store: FactStore, allowRestricted: boolean) => ReturnType<FactStore['query']>,
): Promise<void> {
  await withFactStore(options, async (store) => {
    const page = await ask(store, mayReadRestricted());
    if (options.json === true) console.log(JSON.stringify(wirePage(page)));
    else printPage(page);
  });
}

async function history(subject: string, options: AskOptions): Promise<void> {
  await answerPage(options, (store, allowRestricted) =>
    store.history({ ...filterOf(options), ...pageOf(options), subject, allowRestricted }),
  );
}

async function stale(age: string, options: AskOptions): Promise<void> {
  await answerPage(options, (store, allowRestricted) => {
    const observedBefore = systemClock.now() - microsOf(age);
    return store.query({ ...filterOf(options), ...pageOf(options), observedBefore, allowRestricted });
  });
}

interface DiffOptions extends AskOptions {
  readonly fromValid?: string;
  readonly toValid?: string;
  readonly fromRecorded?: string;
  readonly toRecorded?: string;
}

async function diff(options: DiffOptions): Promise<void> {
  const { fromValid, toValid, fromRecorded, toRecorded } = options;
  if (fromValid === undefined && fromRecorded === undefined) {
    throw new PraxisError('USAGE', 'give --from-valid or --from-recorded');
  }
  const point = (validAt: string | undefined, recordedAt: string | undefined): ReturnType<typeof asOfOf> =>
    asOfOf({
      ...(validAt === undefined ? {} : { validAt }),
      ...(recordedAt === undefined ? {} : { recordedAt }),
    });
  await withFactStore(options, async (store) => {
    const page = await store.diff({
      ...filterOf(options),
      ...pageOf(options),
      from: point(fromValid, fromRecorded),
      to: point(toValid, toRecorded),
      allowRestricted: mayReadRestricted(),
    });
    if (options.json === true) {
      const changes = page.changes.map(({ change, before, after }) => ({
        change,
        before: before && wireFact(before),
        after: after && wireFact(after),
      }));
      console.log(JSON.stringify({ ...page, changes }));
      return;
    }
    for (const change of page.changes) console.log(changeLines(change));
    printRest(page.changes.length === 0, page);
  });
}

function walkOf(from: string, options: WalkOptions): TraverseQuery {
  const direction = options.direction === 'in' || options.direction === 'both' ? options.direction : 'out';
  return {
    from,
    direction,
    ...asOfOf(options),
    ...(options.relation === undefined ? {} : { relations: options.relation }),
    depthMax: Number(options.depth ?? 8),
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
    for (const { subject: found, depth, path } of result.reached) {
      console.log(`${'  '.repeat(depth - 1)}${found}  (${path.map((edge) => edge.predicate).join(', ')})`);
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
    else if (result.path === null) console.log('no path');
    else for (const edge of result.path) console.log(factLines(edge));
    if (result.path === null) process.exitCode = EXIT.no;
  });
}

const OPERATORS: readonly [string, ValueCondition['op']][] = [
  ['>=', 'gte'],
  ['<=', 'lte'],
  ['!=', 'ne'],
  ['=', 'eq'],
  ['>', 'gt'],
  ['<', 'lt'],
  ['~', 'contains'],
];

/** `/json/pointer=value`, with `!=`, `<`, `<=`, `>`, `>=`, or `~` for "contains". The value is JSON, or a text. */
function conditionOf(text: string): ValueCondition {
  const at = text.search(/[<>=!~]/);
  const found = OPERATORS.find(([sign]) => at >= 0 && text.startsWith(sign, at));
  if (found === undefined) throw new PraxisError('USAGE', 'a condition is /pointer=value');
  const [sign, op] = found;
  return { path: text.slice(0, at), op, value: valueOf(text.slice(at + sign.length)) };
}

function valueOf(text: string): NonNullable<ValueCondition['value']> {
  try {
    return JSON.parse(text) as NonNullable<ValueCondition['value']>;
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
