import { PraxisError } from '@praxis/core';
import type { Command } from 'commander';
import { action } from '../exit.ts';

/** Asks the process that holds the ledger to go on in a new segment, or to sign with a new key. */
export type RotateLedger = (what: 'segment' | 'key') => Promise<string>;

/** `praxis audit rotate`: start a new segment without stopping. */
export function registerRotateCommands(audit: Command, rotate: RotateLedger = nobody): void {
  audit
    .command('rotate')
    .option('--key', 'make a new signing key instead of a new segment')
    .description('let the running server go on in a new segment, so that the old one can be archived')
    .action(
      action(async (options: { key?: boolean }) => {
        console.log(`praxis: ${await rotate(options.key ? 'key' : 'segment')}`);
      }),
    );
}

function nobody(): Promise<string> {
  return Promise.reject(new PraxisError('CONTROL_UNREACHABLE', 'no running server holds this ledger'));
}
