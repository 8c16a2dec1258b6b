import { PraxisError } from '@praxis/core';
import {
  type Fact,
  type FactPage,
  type FactQuery,
  type FactStore,
  inWireNames,
  KINDS_MODES,
  parseOperation,
  parseQuery,
  wireResult,
} from '@praxis/facts';
import { type Command, Option } from 'commander';
import { action } from '../exit.ts';
import { answerLines } from '../jsonl.ts';
import { parseStrictJson } from '../strict-json.ts';
import { askQuery, registerFactQuestions } from './facts-ask.ts';
import { registerFactKeeping } from './facts-keep.ts';
import { registerFactVectors } from './facts-vectors.ts';
import { registerFactWalks } from './facts-walk.ts';
import { withConditionOptions, withFilterOptions, withInstantOptions } from './facts-options.ts';
import { type KindsOption, mayReadRestricted, type StoreOption, withFactStore } from './facts-store.ts';
import { wirePage } from './facts-wire.ts';

/** How many operations are under way at once. */
const LINES_IN_FLIGHT_MAX = 256;

/** The most facts in the answer to one line; the rest is reached with `cursor`. */
export const FACTS_PER_ANSWER_MAX = 100_000;

interface JsonlOption extends StoreOption {
  readonly jsonl?: boolean;
}

/** `praxis facts`: ask what is believed, about when, and as of when. */
export function registerFactsCommands(program: Command): void {
  const facts = program.command('facts').description('what is known, about when, and since when');
  facts
    .command('apply')
    .option('--jsonl', 'read {"op": "put"|"end", …} lines from standard input')
    .option('--store <dsn>', 'a SQLite file or a postgresql:// URL; default: the configured store')
    .option('--kinds <file>', 'kinds of your own, in YAML')
    .addOption(
      new Option('--kinds-mode <mode>', 'what happens to a fact that does not fit its kind').choices([
        ...KINDS_MODES,
      ]),
    )
    .description('put and end facts, one transaction a line')
    .action(action(apply));
  withConditionOptions(withInstantOptions(withFilterOptions(facts.command('query'))))
    .option(
      '--jsonl',
      'read {"subject"?, "predicate"?, "valid_at"?, "recorded_at"?, …} lines from standard input',
    )
    .description('the facts believed as of two instants')
    .action(action(query));
  registerFactQuestions(facts);
  registerFactWalks(facts);
  registerFactVectors(facts);
  registerFactKeeping(facts);
}

async function apply(options: JsonlOption & KindsOption): Promise<void> {
  if (options.jsonl !== true) throw new PraxisError('USAGE', 'give --jsonl and one operation a line');
  await withFactStore(options, (store) => {
    const answer = async (line: unknown): Promise<unknown> => {
      const operation = parseOperation(line);
      const written = operation.op === 'put' ? store.put(operation.fact) : store.end(operation.end);
      return wireResult(await written.catch(inTheirWords));
    };
    // The store takes writes in the order they come and lets those that wait together share a flush of the disk.
    return answerLines(process.stdin, process.stdout, answer, {
      inFlightMax: LINES_IN_FLIGHT_MAX,
      parse: parseStrictJson,
    });
  });
}

async function query(options: JsonlOption): Promise<void> {
  if (options.jsonl !== true) return askQuery(options);
  const allowRestricted = mayReadRestricted();
  await withFactStore(options, (store) =>
    answerLines(process.stdin, process.stdout, async (line) =>
      wirePage(await collect(store, { ...parseQuery(line), allowRestricted }).catch(inTheirWords)),
    ),
  );
}

/** Who wrote a line is told of its fields by the names they have there. */
function inTheirWords(error: unknown): never {
  throw inWireNames(error);
}

/** All pages of an answer, unless the question asks for one page or the answer is too long. */
async function collect(store: FactStore, question: FactQuery): Promise<FactPage> {
  if (question.limit !== undefined) return store.query(question);
  const facts: Fact[] = [];
  let withheld = 0;
  let next = question.cursor ?? null;
  do {
    const page = await store.query(next === null ? question : { ...question, cursor: next });
    facts.push(...page.facts);
    withheld += page.withheld;
    next = page.next;
  } while (next !== null && facts.length < FACTS_PER_ANSWER_MAX);
  return { facts, withheld, next };
}
