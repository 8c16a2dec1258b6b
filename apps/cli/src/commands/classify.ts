import { PraxisError } from '@praxis/core';
import { type Classification, classify, type OperatorDenyRule, type ShellKind } from '@praxis/policy';
import type { Command } from 'commander';
import { z } from 'zod';
import { readDenyRules } from '../deny-rules.ts';
import { action } from '../exit.ts';
import { answerLines } from '../jsonl.ts';
import { renderClassification } from '../render-classification.ts';

const SHELLS = ['bash', 'powershell', 'cmd'] as const;

const lineSchema = z.object({ cmd: z.string(), shell: z.enum(SHELLS).optional() });

/** `praxis classify`: what would this command do? */
export function registerClassifyCommand(program: Command): void {
  program
    .command('classify')
    .description('tell the tier of a command, and why, without running it')
    .argument('[command]', 'the command text; none with --jsonl')
    .option('--shell <shell>', 'bash, powershell or cmd', 'bash')
    .option('--deny <file>', 'add the deny rules of this file')
    .option('--json', 'print the whole classification as JSON')
    .option('--jsonl', 'answer {"cmd","shell"?} lines from standard input')
    .action(action(run));
}

interface Options {
  readonly shell: string;
  readonly deny?: string;
  readonly json?: boolean;
  readonly jsonl?: boolean;
}

async function run(command: string | undefined, options: Options): Promise<void> {
  const deny = options.deny === undefined ? [] : readDenyRules({ path: options.deny, configured: true });
  if (options.jsonl) return answerLines(process.stdin, process.stdout, (value) => answer(value, deny));
  if (command === undefined) throw new PraxisError('USAGE', 'give a command, or --jsonl');
  const result = classify(command, { shell: shellOf(options.shell), deny });
  if (options.json) console.log(JSON.stringify(brief(result, true)));
  else console.log(renderClassification(command, result));
}

function answer(value: unknown, deny: readonly OperatorDenyRule[]): unknown {
  const line = lineSchema.safeParse(value);
  if (!line.success)
    throw new PraxisError('REQUEST_INVALID', 'a line is {"cmd": text, "shell"?: bash|powershell|cmd}');
  const { cmd, shell } = line.data;
  return brief(classify(cmd, { deny, ...(shell === undefined ? {} : { shell }) }), false);
}

function brief(result: Classification, whole: boolean): Record<string, unknown> {
  const { tier, denied, reasons, shell, argv } = result;
  const short = reasons.map(({ code, detail }) => ({ code, detail }));
  return whole ? { tier, denied, shell, argv, reasons } : { tier, denied, reasons: short };
}

function shellOf(text: string): ShellKind {
  const shell = SHELLS.find((known) => known === text);
  if (shell === undefined) throw new PraxisError('USAGE', `--shell is one of ${SHELLS.join(', ')}`);
  return shell;
}
