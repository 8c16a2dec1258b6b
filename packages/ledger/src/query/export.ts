import type { DamageTally } from './damage.ts';
import { type RecordFilter, searchLedger } from './search.ts';
import { encodeStored } from '../encode-record.ts';
import { spliceEntryHash } from '../line.ts';
import type { StoredRecord } from '../record.ts';

/** What records can be written out as: the stored lines, or CSV (RFC 4180) with a column per member. */
export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;
/** One of `EXPORT_FORMATS`. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const COLUMNS: readonly (keyof StoredRecord | 'entry_hash')[] = [
  'seq',
  'ts',
  'kind',
  'decision',
  'reason',
  'tool',
  'target',
  'tier',
  'host',
  'host_type',
  'principal',
  'approver',
  'approval_id',
  'action_id',
  'decision_id',
  'session_id',
  'request_id',
  'trace_id',
  'client_id',
  'mode',
  'dry_run',
  'duration_us',
  'intent_seq',
  'output_len',
  'output_sha256',
  'args_len',
  'args_sha256',
  'policy_version',
  'patterns_version',
  'origin_id',
  'error',
  'args',
  'entry_hash',
];

/** The records that fit a filter as text, piece by piece: JSON lines as they are stored, or CSV (RFC 4180); see `searchLedger`. */
export async function* exportLedger(
  path: string,
  format: ExportFormat,
  filter: RecordFilter = {},
  damage?: DamageTally,
): AsyncGenerator<string> {
  if (format === 'csv') yield `${COLUMNS.join(',')}\r\n`;
  for await (const record of searchLedger(path, filter, damage)) {
    yield format === 'csv'
      ? `${COLUMNS.map((column) => cell(record[column])).join(',')}\r\n`
      : `${spliceEntryHash(encodeStored(record), record.entry_hash)}\n`;
  }
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A spreadsheet would run a cell that begins like a formula; a quote in front makes it text.
  const safe = /^[=+\-@\t\r]/.test(text) && typeof value === 'string' ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
