import type { Command } from 'commander';
import { action } from '../exit.ts';
import { doOperatorAct } from '../operator-request.ts';

/** `praxis audit rotate`: start a new segment without stopping, or sign with a new key. */
export function registerRotateCommands(audit: Command): void {
  audit
    .command('rotate')
    .option('--key', 'make a new signing key instead of a new segment')
    .description(
      'go on in a new segment, so that the old one can be archived; a running server does not stop for it',
    )
    .action(
      action(async (options: { key?: boolean }) => {
        console.log(
          `praxis: ${String(await doOperatorAct({ op: 'audit.rotate', what: options.key ? 'key' : 'segment' }))}`,
        );
      }),
    );
}
