import { PraxisError } from '@praxis/core';
import { judgeEgress, resolveWithDns } from '@praxis/screen';
import type { Command } from 'commander';
import { z } from 'zod';
import { action, EXIT } from '../exit.ts';
import { answerLines } from '../jsonl.ts';

const lineSchema = z.object({ input: z.string(), resolves_to: z.array(z.string()).optional() });

/** `praxis egress`: may praxis connect there? */
export function registerEgressCommand(program: Command): void {
  program
    .command('egress')
    .description('tell whether praxis would connect to a URL, and which addresses it would pin')
    .argument('[url]', 'the URL; names are resolved for real')
    .option('--jsonl', 'answer {"input","resolves_to"?} lines; names resolve to `resolves_to` alone')
    .action(action(run));
}

async function run(url: string | undefined, options: { jsonl?: boolean }): Promise<void> {
  if (options.jsonl) return answerLines(process.stdin, process.stdout, answer);
  if (url === undefined) throw new PraxisError('USAGE', 'give a URL, or --jsonl');
  // Only here: the answers to lines depend on nothing that is configured.
  const { readConfig } = await import('@praxis/mcp-server');
  const verdict = await judgeEgress(url, resolveWithDns, { allow: readConfig(process.env).egressAllow });
  console.log(JSON.stringify({ verdict: verdict.verdict, reason: verdict.reason, pinned: verdict.pinned }));
  process.exitCode = verdict.verdict === 'allow' ? EXIT.yes : EXIT.no;
}

async function answer(value: unknown): Promise<unknown> {
  const line = lineSchema.safeParse(value);
  if (!line.success)
    throw new PraxisError('REQUEST_INVALID', 'a line is {"input": text, "resolves_to"?: [addresses]}');
  const addresses = line.data.resolves_to ?? [];
  const { verdict, reason, pinned } = await judgeEgress(line.data.input, () => Promise.resolve(addresses));
  return { verdict, reason, pinned };
}
