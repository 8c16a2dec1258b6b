import { errorCode } from '@praxis/core';
import {
  askServer,
  controlSocketPath,
  type ControlRequest,
  operatorAct,
  readConfig,
} from '@praxis/mcp-server';
import { openRuntime } from './runtime.ts';

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
