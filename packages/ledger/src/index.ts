export type { BadPlace, ChainFault, RecoveredRegion } from './chain-walk.ts';
export type { OpenIntent } from './open-intents.ts';
export type { LedgerError, LedgerErrorCode } from './errors.ts';
export { Ledger, type LedgerOptions, type LedgerStatus, SEGMENT_BYTES_DEFAULT } from './ledger.ts';
export type { EvidenceOptions, EvidenceStatus, Voucher } from './evidence/evidence.ts';
export { QUEUE_RECORDS_MAX } from './open-log.ts';
export type { Durability } from './log/group-commit.ts';
export {
  GENESIS_HASH,
  type LedgerEntry,
  type LedgerRecord,
  RECORD_DECISIONS,
  RECORD_KINDS,
  RECORD_VERSION,
  type RecordDecision,
  type RecordError,
  type RecordKind,
  type SessionHeaderFields,
  type StoredRecord,
} from './record.ts';
export type {
  EvidenceReport,
  FirstBad,
  InterruptedReport,
  KeyChange,
  ResumePoint,
  VerifyFault,
  VerifyReport,
} from './verify/report.ts';
export type { StampVerifier } from './verify/stamp-verifier.ts';
export { type VerifyOptions, verifyLedger } from './verify/verify.ts';
export {
  type DirectoryOptions,
  type DirectoryReport,
  ledgersIn,
  verifyDirectory,
} from './verify/verify-directory.ts';
export { listSegments, type Segment } from './log/segments.ts';
export {
  checkProof,
  type LedgerProof,
  PROOF_FORMAT,
  proveConsistency,
  proveRecord,
  type ProofVerdict,
} from './query/prove.ts';
export { type DamageReport, DamageTally } from './query/damage.ts';
export { exportLedger, EXPORT_FORMATS, type ExportFormat } from './query/export.ts';
export { followLedger } from './query/follow.ts';
export { renderReportHtml, renderReportText } from './query/render-report.ts';
export { type LedgerReport, reportLedger, type ReportLine } from './query/report.ts';
export { type FoundRecord, type RecordFilter, searchLedger } from './query/search.ts';
export {
  type CheckpointArgs,
  type CosignatureArgs,
  evidenceEntry,
  type EvidenceReason,
  type StampArgs,
} from './evidence/evidence-entry.ts';
export { type OtlpOptions, otlpSink } from './sinks/otlp.ts';
export type { Sink, SinkLine, SinkRefusal, SinkStatus } from './sinks/sink.ts';
export { streamSink } from './sinks/stream.ts';
export { SYSLOG_APP_NAME } from './sinks/syslog-format.ts';
export { type LineChannel, type SyslogOptions, syslogSink } from './sinks/syslog.ts';
export { type NoteVerifier, parseVerifierKey, verifierKey } from './evidence/note.ts';
export { parseResumePoint } from './verify/resume-point.ts';
export { loadOrCreateKey, type SigningKey } from './evidence/signing-key.ts';
export {
  type RunningWitness,
  serveWitness,
  WITNESS_BODY_BYTES_MAX,
  WITNESS_CONNECTIONS_MAX,
  type WitnessListening,
} from './evidence/witness-server.ts';
export { fileWitnessStore, witnessedNotesIn } from './evidence/witness-store.ts';
export {
  Witness,
  type WitnessAnswer,
  type WitnessedState,
  type WitnessStore,
} from './evidence/witness.ts';
export { askWitness, WITNESS_FRESH_SECONDS } from './evidence/witnessed.ts';
export { originLine } from './evidence/checkpoint.ts';
export { witnessVoucher, type WitnessVoucherOptions } from './evidence/witness-voucher.ts';
