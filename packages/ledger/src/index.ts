export type { BadPlace, ChainFault, OpenIntent, RecoveredRegion } from './chain-walk.ts';
export type { LedgerError, LedgerErrorCode } from './errors.ts';
export { Ledger, type LedgerOptions, type LedgerStatus, QUEUE_RECORDS_MAX } from './ledger.ts';
export type { Durability } from './log/group-commit.ts';
export {
  GENESIS_HASH,
  type LedgerEntry,
  type LedgerRecord,
  RECORD_VERSION,
  type RecordDecision,
  type RecordError,
  type RecordKind,
  type SessionHeaderFields,
  type StoredRecord,
} from './record.ts';
export { type FirstBad, type VerifyReport, verifyLedger } from './verify.ts';
