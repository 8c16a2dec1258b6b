import type { Command } from 'commander';
import { action } from '../exit.ts';
import { doOperatorAct, secretPart } from '../operator-request.ts';
import type { SecretOptions } from '../secret.ts';

/** `praxis audit rotate`: start a new segment without stopping, or sign with a new key. */
export function registerRotateCommands(audit: Command): void {
  audit
    .command('rotate')
    .option('--key', 'make a new signing key instead of a new segment')
    .option('--secret-fd <fd>', 'with --key: read the operator secret from this open file descriptor')
    .description(
      'go on in a new segment, so that the old one can be archived; a running server does not stop for it',
    )
    .action(
      action(async (options: SecretOptions & { key?: boolean }) => {
        const what = options.key ? 'key' : 'segment';
        const proof = what === 'key' ? await secretPart(options) : {};
        console.log(`praxis: ${String(await doOperatorAct({ op: 'audit.rotate', what, ...proof }))}`);
      }),
    );
}
