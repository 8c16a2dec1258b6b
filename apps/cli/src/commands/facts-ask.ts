import { type Instant, PraxisError } from '@praxis/core';
import { type FactQuery, type FactStore, type ValueCondition, wireFact } from '@praxis/facts';
import type { Command } from 'commander';
import { action } from '../exit.ts';
import {
  askedAt,
  type AskOptions,
  asOfOf,
  filterOf,
  instantOf,
  microsOf,
  nextOf,
  pageOf,
  withConditionOptions,
  withFilterOptions,
  withInstantOptions,
} from './facts-options.ts';
import { changeLines, printPage, printRest } from './facts-print.ts';
import { mayReadRestricted, withFactStore } from './facts-store.ts';
import { wirePage } from './facts-wire.ts';

interface QueryOptions extends AskOptions {
  readonly text?: string;
  readonly where?: readonly string[];
  readonly since?: string;
  readonly validFrom?: string;
  readonly validTo?: string;
  readonly observedSince?: string;
  readonly observedBefore?: string;
}

/** A question put with options instead of JSON lines. */
export async function askQuery(options: QueryOptions): Promise<void> {
  await answerPage(options, (store, question, asked) =>
    store.query({ ...question, ...conditionsOf(options, asked) }),
  );
}

/** The questions about the past. */
export function registerFactQuestions(facts: Command): void {
  withFilterOptions(facts.command('history').argument('<subject>'))
    .description('every version, believed or not, in order of recording')
    .action(action(history));
  withFilterOptions(facts.command('stale').argument('<age>', 'for example 24h'))
    .description('what is believed but was not observed for that long')
    .action(action(stale));
  withFilterOptions(facts.command('diff'))
    .option('--from-valid <instant>', 'the earlier instant, about when; default: now')
    .option('--to-valid <instant>', 'the later instant, about when; default: now')
    .option('--from-recorded <instant>', 'the earlier instant, as believed when; default: now')
    .option('--to-recorded <instant>', 'the later instant, as believed when; default: now')
    .description('what changed between two instants, on either axis')
    .action(action(diff));
  withConditionOptions(withInstantOptions(withFilterOptions(facts.command('export'))))
    .description('all facts of a question, one a line as JSON, however many there are')
    .action(action(exportFacts));
}

function conditionsOf(options: QueryOptions, asked: Instant): Partial<FactQuery> {
  const { text, where, validFrom, validTo } = options;
  if ((validFrom === undefined) !== (validTo === undefined))
    throw new PraxisError('USAGE', 'a range has --valid-from and --valid-to');
  const at = (name: 'since' | 'observedSince' | 'observedBefore'): Instant | undefined => {
    const value = options[name];
    return value === undefined ? undefined : instantOf(value, asked);
  };
  const [since, observedSince, observedBefore] = [at('since'), at('observedSince'), at('observedBefore')];
  return {
    ...asOfOf(options, asked),
    ...(validFrom === undefined || validTo === undefined
      ? {}
      : { validDuring: { from: instantOf(validFrom, asked), to: instantOf(validTo, asked) } }),
    ...(text === undefined ? {} : { text }),
    ...(where === undefined ? {} : { where: where.map(conditionOf) }),
    ...(since === undefined ? {} : { becameValidSince: since }),
    ...(observedSince === undefined ? {} : { observedSince }),
    ...(observedBefore === undefined ? {} : { observedBefore }),
  };
}

async function answerPage(
  options: AskOptions,
  ask: (store: FactStore, question: FactQuery, asked: Instant) => ReturnType<FactStore['query']>,
): Promise<void> {
  await withFactStore(options, async (store) => {
    const asked = askedAt(options);
    const allowRestricted = mayReadRestricted();
    const found = await ask(store, { ...filterOf(options), ...pageOf(options), allowRestricted }, asked);
    const page = { ...found, next: nextOf(found.next, asked) };
    if (options.json === true) console.log(JSON.stringify(wirePage(page)));
    else printPage(page);
  });
}

async function history(subject: string, options: AskOptions): Promise<void> {
  await answerPage(options, (store, question) => store.history({ ...question, subject }));
}

async function stale(age: string, options: AskOptions): Promise<void> {
  const notObservedForUs = microsOf(age);
  await answerPage(options, (store, question) => store.query({ ...question, notObservedForUs }));
}

interface DiffOptions extends AskOptions {
  readonly fromValid?: string;
  readonly toValid?: string;
  readonly fromRecorded?: string;
  readonly toRecorded?: string;
}

async function diff(options: DiffOptions): Promise<void> {
  const { fromValid, toValid, fromRecorded, toRecorded } = options;
  if ([fromValid, toValid, fromRecorded, toRecorded].every((instant) => instant === undefined))
    throw new PraxisError('USAGE', 'give --from-valid or --from-recorded');
  const asked = askedAt(options);
  const point = (validAt: string | undefined, recordedAt: string | undefined): ReturnType<typeof asOfOf> =>
    asOfOf(
      {
        ...(validAt === undefined ? {} : { validAt }),
        ...(recordedAt === undefined ? {} : { recordedAt }),
      },
      asked,
    );
  await withFactStore(options, async (store) => {
    const { changes, withheld, next } = await store.diff({
      ...filterOf(options),
      ...pageOf(options),
      from: point(fromValid, fromRecorded),
      to: point(toValid, toRecorded),
      allowRestricted: mayReadRestricted(),
    });
    const page = { withheld, next: nextOf(next, asked) };
    if (options.json === true) {
      const wire = changes.map(({ change, before, after }) => ({
        change,
        before: before && wireFact(before),
        after: after && wireFact(after),
      }));
      console.log(JSON.stringify({ changes: wire, ...page }));
      return;
    }
    for (const change of changes) console.log(changeLines(change));
    printRest(changes.length === 0, page);
  });
}

/** Page by page, each written before the next is read: an answer of any size passes through. */
async function exportFacts(options: QueryOptions): Promise<void> {
  await withFactStore(options, async (store) => {
    const asked = askedAt(options);
    const question: FactQuery = {
      ...filterOf(options),
      ...conditionsOf(options, asked),
      ...pageOf(options),
      allowRestricted: mayReadRestricted(),
    };
    let withheld = 0;
    let page = await store.query(question);
    for (;;) {
      for (const fact of page.facts) console.log(JSON.stringify(wireFact(fact)));
      withheld += page.withheld;
      if (page.next === null) break;
      page = await store.query({ ...question, cursor: page.next });
    }
    if (withheld > 0) console.error(`praxis: ${withheld} withheld: restricted`);
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

/** `/json/pointer=value`, with `!=`, `<`, `<=`, `>`, `>=`, or `~` for "contains"; `/json/pointer` alone: it is there. */
function conditionOf(text: string): ValueCondition {
  const at = text.search(/[<>=!~]/);
  if (at < 0 && text.startsWith('/')) return { path: text, op: 'exists' };
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
