export {
  ALLOW_ANY_PHRASE,
  configDigest,
  HTTP_PORT_DEFAULT,
  readConfig,
  type ServerConfig,
} from './config/config.ts';
export { defaultDataDir } from './config/data-dir.ts';
export { askServer, relayStdio, serverRuns } from './control/control-client.ts';
export { type ControlServing, type RunningControl, serveControl } from './control/control-server.ts';
export { type ControlRequest, type ControlResponse, OPERATOR_ACTS } from './control/protocol.ts';
export { controlSocketPath } from './control/socket-path.ts';
export { ServerError, type ServerErrorCode } from './errors.ts';
export { assertMayServeHttp, isLoopback } from './http/guard.ts';
export { type RunningHttp, serveHttp } from './http/http-server.ts';
export { operatorAct, type OperatorDeps } from './operator-acts.ts';
export type { Services } from './services.ts';
export { newSessionId } from './sessions.ts';
export { serveStreams } from './stdio.ts';
export type { Tool } from './tool.ts';
export { allTools } from './tools/all-tools.ts';
