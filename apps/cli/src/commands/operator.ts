import { userInfo } from 'node:os';
import { PraxisError } from '@praxis/core';
import {
  GateError,
  hashOperatorSecret,
  loadOperatorSecret,
  OperatorVerifier,
  saveOperatorSecret,
} from '@praxis/gate';
import { controlSocketPath, readConfig, serverRuns } from '@praxis/mcp-server';
import { openDataDir } from '@praxis/storage';
import { systemClock } from '@praxis/core';
import type { Command } from 'commander';
import { action } from '../exit.ts';
import { operatorSecretPath } from '../runtime.ts';
import { readSecret, type SecretOptions, secretFromFd } from '../secret.ts';

/** `praxis operator init`: choose the secret without which nothing is granted. */
export function registerOperatorCommand(program: Command): void {
  const operator = program.command('operator').description('the person who approves');
  operator
    .command('init')
    .description('set the operator secret (asked for on the terminal), or change it')
    .option('--secret-fd <fd>', 'read the new secret from this open file descriptor')
    .option('--old-secret-fd <fd>', 'read the present secret from this one, to change it')
    .option('--name <name>', 'who approves, as the ledger will say', userInfo().username)
    .action(action(init));
}

interface InitOptions extends SecretOptions {
  readonly oldSecretFd?: string;
  readonly name: string;
}

async function init(options: InitOptions): Promise<void> {
  const config = readConfig(process.env);
  const path = operatorSecretPath(openDataDir(config.dataDir));
  const present = loadOperatorSecret(path);
  if (present !== null) await proveOldSecret(new OperatorVerifier(present, systemClock), options);
  const secret = await readSecret(
    options,
    present === null ? 'Choose the operator secret' : 'Choose the new operator secret',
  );
  if (secret === null) throw new PraxisError('USAGE', 'no terminal to ask on: give --secret-fd N');
  await repeatOnTerminal(options, secret);
  saveOperatorSecret(path, await hashOperatorSecret(secret, options.name));
  console.log(`praxis: operator ${options.name} is set; the hash is in ${path}`);
  if (await serverRuns(controlSocketPath(config.dataDir))) {
    console.log('praxis: the running server keeps what it started with: restart it');
  }
}

async function proveOldSecret(verifier: OperatorVerifier, options: InitOptions): Promise<void> {
  const old =
    options.oldSecretFd === undefined
      ? await readSecret(
          options.secretFd === undefined ? {} : { secretFd: options.secretFd },
          'Present operator secret',
        )
      : secretFromFd(options.oldSecretFd);
  if (options.oldSecretFd === undefined && options.secretFd !== undefined) {
    throw new GateError(
      'OPERATOR_ALREADY_INITIALISED',
      'an operator is set: give --old-secret-fd to change the secret',
    );
  }
  if (old === null)
    throw new GateError('OPERATOR_ALREADY_INITIALISED', 'an operator is set: changing it needs a terminal');
  await verifier.verify(old);
}

/** A typo in an unseen secret would lock the operator out. */
async function repeatOnTerminal(options: InitOptions, secret: string): Promise<void> {
  if (options.secretFd !== undefined) return;
  const again = await readSecret({}, 'Type it again');
  if (again !== secret) throw new PraxisError('USAGE', 'the two differ: nothing was changed');
}
