import { PraxisError } from '@praxis/core';
import { NEIGHBOURS_MAX, wireFact } from '@praxis/facts';
import type { Command } from 'commander';
import { z } from 'zod';
import { action } from '../exit.ts';
import { answerLines } from '../jsonl.ts';
import { wholeNumber } from '../whole-number.ts';
import {
  askedAt,
  type AskOptions,
  asOfOf,
  filterOf,
  withFilterOptions,
  withInstantOptions,
} from './facts-options.ts';
import { factLines, printRest } from './facts-print.ts';
import { mayReadRestricted, type StoreOption, withFactStore } from './facts-store.ts';

/** The longest vector that is read, in dimensions: the store's own bound is checked there. */
const DIMENSIONS_MAX = 65_536;

const embeddingSchema = z.strictObject({
  content_hash: z.string(),
  vector: z.array(z.number()).max(DIMENSIONS_MAX),
});

/** Vectors that something else has made: keeping them, and asking what is near. */
export function registerFactVectors(facts: Command): void {
  facts
    .command('embed')
    .requiredOption('--model <name>', 'what made the vectors')
    .option('--jsonl', 'read {"content_hash", "vector"} lines from standard input')
    .option('--store <dsn>', 'a SQLite file or a postgresql:// URL; default: the configured store')
    .description('keep vectors of facts, by the content hash of what they say')
    .action(action(embed));
  withInstantOptions(
    withFilterOptions(facts.command('nearest').argument('<vector>', 'a JSON array of numbers')),
  )
    .requiredOption('--model <name>', 'what made the vectors')
    .description('the facts whose vectors are nearest, exactly, by cosine')
    .action(action(nearest));
}

interface EmbedOptions extends StoreOption {
  readonly model: string;
  readonly jsonl?: boolean;
}

async function embed(options: EmbedOptions): Promise<void> {
  if (options.jsonl !== true) throw new PraxisError('USAGE', 'give --jsonl and one vector a line');
  await withFactStore(options, (store) =>
    answerLines(process.stdin, process.stdout, async (line) => {
      const { content_hash: contentHash, vector } = parsed(embeddingSchema, line);
      await store.embed(options.model, [{ contentHash, vector: Float32Array.from(vector) }]);
      return { content_hash: contentHash };
    }),
  );
}

async function nearest(text: string, options: AskOptions & { readonly model: string }): Promise<void> {
  const vector = parsed(embeddingSchema.shape.vector, jsonOf(text));
  await withFactStore(options, async (store) => {
    const { facts, withheld } = await store.nearest({
      ...filterOf(options),
      ...asOfOf(options, askedAt({})),
      model: options.model,
      vector: Float32Array.from(vector),
      limit: wholeNumber(options.limit ?? '1000', 1, NEIGHBOURS_MAX, '--limit'),
      allowRestricted: mayReadRestricted(),
    });
    if (options.json === true) {
      const wire = facts.map(({ similarity, fact }) => ({ similarity, fact: wireFact(fact) }));
      console.log(JSON.stringify({ nearest: wire, withheld }));
      return;
    }
    for (const { similarity, fact } of facts) console.log(`${similarity.toFixed(6)}  ${factLines(fact)}`);
    printRest(facts.length === 0, { withheld });
  });
}

function parsed<S extends z.ZodType>(schema: S, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new PraxisError(
    'VECTOR_INVALID',
    `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is invalid'}`,
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PraxisError('VECTOR_INVALID', 'the vector is not a JSON array', { cause });
  }
}
