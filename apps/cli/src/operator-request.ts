import { errorCode } from '@praxis/core';
import { loadOperatorSecret } from '@praxis/gate';
import {
  askServer,
  controlSocketPath,
  type ControlRequest,
  operatorAct,
  readConfig,
} from '@praxis/mcp-server';
import { openRuntime, operatorSecretPath } from './runtime.ts';
import { readSecret, type SecretOptions } from './secret.ts';

type Act = Exclude<ControlRequest, { op: 'mcp' }>;

/** Does an operator's act in the running server. Throws `CONTROL_UNREACHABLE` when none runs. */
export function askRunningServer(request: Act): Promise<unknown> {
  return askServer(controlSocketPath(readConfig(process.env).dataDir), request);
}

/**
 * Does an operator's act in the running server, or, when none runs, right here on the data directory. Either
 * way the same code does it and leaves the same record.
 */
export async function doOperatorAct(request: Act): Promise<unknown> {
  const config = readConfig(process.env);
  try {
    return await askServer(controlSocketPath(config.dataDir), request);
  } catch (error) {
    if (errorCode(error) !== 'CONTROL_UNREACHABLE') throw error;
  }
  const runtime = await openRuntime(config, { log: (line) => console.error(line) });
  try {
    return await operatorAct(runtime.operator, request);
  } finally {
    await runtime.close();
  }
}

/** The operator secret as a part of a request: from the descriptor, or asked for on the terminal where one is set. */
export async function secretPart(options: SecretOptions): Promise<{ readonly secret?: string }> {
  const { dataDir } = readConfig(process.env);
  const isSet = loadOperatorSecret(operatorSecretPath(dataDir)) !== null;
  if (options.secretFd === undefined && !isSet) return {};
  const secret = await readSecret(options, 'Operator secret');
  return secret === null || secret === '' ? {} : { secret };
}
