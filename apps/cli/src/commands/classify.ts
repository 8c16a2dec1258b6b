import { PraxisError } from '@praxis/core';
import { type Classification, classify, type ShellKind } from '@praxis/policy';
import type { Command } from 'commander';
import { z } from 'zod';
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
    .option('--json', 'print the whole classification as JSON')
    .option('--jsonl', 'answer {"cmd","shell"?} lines from standard input')
    .action(action(run));
}

async function run(
  command: string | undefined,
  options: { shell: string; json?: boolean; jsonl?: boolean },
): Promise<void> {
  if (options.jsonl) return answerLines(process.stdin, process.stdout, answer);
  if (command === undefined) throw new PraxisError('USAGE', 'give a command, or --jsonl');
  const result = classify(command, { shell: shellOf(options.shell) });
  if (options.json) console.log(JSON.stringify(brief(result, true)));
  else console.log(renderClassification(command, result));
}

function answer(value: unknown): unknown {
  const line = lineSchema.safeParse(value);
  if (!line.success)
    throw new PraxisError('REQUEST_INVALID', 'a line is {"cmd": text, "shell"?: bash|powershell|cmd}');
  return brief(
    classify(line.data.cmd, line.data.shell === undefined ? {} : { shell: line.data.shell }),
    false,
  );
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
