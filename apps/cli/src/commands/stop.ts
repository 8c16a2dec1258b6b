import { errorCode, systemClock } from '@praxis/core';
import { KillSwitch } from '@praxis/gate';
import { readConfig } from '@praxis/mcp-server';
import type { Command } from 'commander';
import { action } from '../exit.ts';
import { doOperatorAct, secretPart } from '../operator-request.ts';
import type { SecretOptions } from '../secret.ts';

/** `praxis stop` and `praxis resume`. */
export function registerStopCommands(program: Command): void {
  program
    .command('stop')
    .requiredOption('--reason <text>', 'why, for the record')
    .description('stop everything at once, also what is running; survives a restart')
    .action(action(stop));
  program
    .command('resume')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--secret-fd <fd>', 'read the operator secret from this open file descriptor')
    .description('let work start again')
    .action(action(resume));
}

async function stop(options: { reason: string }): Promise<void> {
  // The sentinel file comes first: it stops a server that would not answer.
  new KillSwitch({ sentinelPath: readConfig(process.env).killSwitchPath, clock: systemClock }).trip(
    options.reason,
  );
  try {
    await doOperatorAct({ op: 'stop', reason: options.reason });
    console.log('praxis: stopped');
  } catch (error) {
    console.log(`praxis: stopped, but the stop could not be recorded (${errorCode(error)})`);
    process.exitCode = 3;
  }
}

async function resume(options: SecretOptions & { reason: string }): Promise<void> {
  await doOperatorAct({ op: 'resume', reason: options.reason, ...(await secretPart(options)) });
  console.log('praxis: work may start again');
}
