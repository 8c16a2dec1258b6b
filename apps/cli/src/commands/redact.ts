import { PraxisError } from '@praxis/core';
import { redact, redactText } from '@praxis/screen';
import type { Command } from 'commander';
import { action } from '../exit.ts';
import { answerLines, JSONL_LINE_BYTES_MAX, readAll } from '../jsonl.ts';

/** `praxis redact`: what would be left of this after redaction? */
export function registerRedactCommand(program: Command): void {
  program
    .command('redact')
    .description('remove secrets from standard input: text, or JSON lines')
    .option('--jsonl', 'each line is any JSON; answer the redacted JSON')
    .option('--json', 'all of the input is one JSON document')
    .action(action(run));
}

async function run(options: { jsonl?: boolean; json?: boolean }): Promise<void> {
  if (options.jsonl) return answerLines(process.stdin, process.stdout, redact);
  const text = await readAll(process.stdin, JSONL_LINE_BYTES_MAX);
  process.stdout.write(options.json ? `${JSON.stringify(redact(parse(text)))}\n` : redactText(text));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PraxisError('JSON_INVALID', 'the input is not JSON', { cause });
  }
}
