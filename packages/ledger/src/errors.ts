import { PraxisError } from '@praxis/core';

/** Every code the ledger's errors carry. */
export type LedgerErrorCode =
  | 'LEDGER_ANCHOR_UNWRITABLE'
  | 'LEDGER_BUSY'
  | 'LEDGER_CLOSED'
  | 'LEDGER_CORRUPT'
  | 'LEDGER_ENTRY_INVALID'
  | 'LEDGER_LOCKED'
  | 'LEDGER_UNAVAILABLE'
  | 'LEDGER_UNREADABLE'
  | 'LEDGER_UNWRITABLE'
  | 'SYSLOG_SOCKET_DATAGRAM';

/** What every operation of the ledger throws, with a code of its own. */
export type LedgerError = PraxisError<LedgerErrorCode>;

export function ledgerError(
  code: LedgerErrorCode,
  message: string,
  options: { cause?: unknown; fields?: Readonly<Record<string, unknown>> } = {},
): LedgerError {
  return new PraxisError(code, message, options);
}
