export {
  type ActionRequest,
  type ActionResult,
  type Adapter,
  type Completion,
  type ExecuteOptions,
  type ExecutionFault,
  isRefusal,
  type PreparedAction,
  type PreviewResult,
  type Refusal,
  type RefusalReason,
} from './adapter.ts';
export { ActuationError, type ActuationErrorCode } from './errors.ts';
export {
  DATAGRAM_LOGGER_BYTES_MAX,
  DATAGRAM_LOGGER_SETTLE_MS,
  type DatagramLogger,
  datagramLogger,
} from './process/datagram-logger.ts';
export {
  ACTION_TIMEOUT_MS,
  ACTION_TIMEOUT_MS_MAX,
  type ExecutionResult,
  OUTPUT_BYTES_MAX,
  STOP_GRACE_MS,
} from './process/run-process.ts';
export { COMMAND_BYTES_MAX } from './ssh/command-text.ts';
export {
  type AdapterOptions,
  adapters,
  findAdapter,
  inspectTools,
  type ToolInfo,
  WRAPPED_TOOLS,
  type WrappedTool,
} from './registry.ts';
export { RUNBOOK_BYTES_MAX } from './runbook/read-runbook.ts';
