import type { Command } from 'commander';
import { action } from '../exit.ts';
import { doOperatorAct, secretPart } from '../operator-request.ts';
import type { SecretOptions } from '../secret.ts';

interface BlessOptions extends SecretOptions {
  readonly predicate?: string;
  readonly reason: string;
}

/** `praxis baseline bless`: what is observed now is what it should be. An operator's act, never a tool's. */
export function registerBaselineCommand(program: Command): void {
  const baseline = program.command('baseline').description('what is known to be good');
  baseline
    .command('bless')
    .argument('<subject>', 'for example host:web1')
    .option('--predicate <predicate>', 'only this one')
    .option('--reason <text>', 'why, for the record', 'blessed by the operator')
    .option('--secret-fd <fd>', 'read the operator secret from this open file descriptor')
    .description('take the present observations of a subject as its known-good baseline')
    .action(action(bless));
}

async function bless(subject: string, options: BlessOptions): Promise<void> {
  const result = await doOperatorAct({
    op: 'baseline.bless',
    subject,
    reason: options.reason,
    ...(options.predicate === undefined ? {} : { predicate: options.predicate }),
    ...(await secretPart(options)),
  });
  console.log(JSON.stringify(result));
}
