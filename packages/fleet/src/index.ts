export { isCollectorName, parseTelemetry, PREDICATE_LENGTH_MAX } from './collectors/parse-telemetry.ts';
export {
  COLLECTOR_NAMES,
  type CollectedFact,
  type CollectError,
  type CollectErrorCode,
  type CollectorName,
  type ParsedTelemetry,
  TELEMETRY_LENGTH_MAX,
  type TelemetryInput,
  type TypedFact,
} from './collectors/telemetry.ts';
export { blessBaseline, type BlessRequest, type BlessResult } from './drift/baseline.ts';
export { CIS_CONTROLS, type CisControl, type CisScope, type CisStatus } from './drift/cis-baseline.ts';
export { cisBaselineFacts, type CisSeedOptions } from './drift/cis-seed.ts';
export { parseAnsibleDrift } from './drift/ansible.ts';
export { compareValues } from './drift/compare.ts';
export {
  type ConvergenceAction,
  type ConvergencePlan,
  type ConvergenceRequest,
  convergenceRequests,
  planConvergence,
} from './drift/converge.ts';
export type {
  DriftEnd,
  DriftFact,
  DriftPage,
  DriftPut,
  DriftQuery,
  DriftReader,
  DriftWriter,
} from './drift/drift-store.ts';
export {
  type ChangedEntry,
  type Finding,
  type FindingDetail,
  type FindingKind,
  type Severity,
  severityOf,
} from './drift/finding.ts';
export { scanDrift, type ScanOptions, type ScanResult, STALE_AFTER_US_DEFAULT } from './drift/scan.ts';
export { type ParsedDrift, parseTofuDrift } from './drift/tofu.ts';
export { FleetError, type FleetErrorCode } from './errors.ts';
export type { InventoryHost, SshSettings } from './inventory/host.ts';
export { EMPTY_INVENTORY, Inventory } from './inventory/inventory.ts';
export { type InventoryProblem, loadInventory, readInventory } from './inventory/load-inventory.ts';
export {
  resolveTarget,
  type ResolvedTarget,
  type TargetClaim,
  type TargetRefusal,
  type TargetResolution,
} from './inventory/resolve-target.ts';
export { HOST_TYPES, type HostType, TARGET_PATTERN } from './inventory/schema.ts';
export {
  collectLocal,
  type CollectLocalOptions,
  type LocalCollection,
  localCollectors,
} from './local/collect-local.ts';
export type { LocalError, LocalErrorCode } from './local/local-collector.ts';
