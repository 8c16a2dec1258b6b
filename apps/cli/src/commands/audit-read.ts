import { once } from 'node:events';
import {
  type DamageReport,
  DamageTally,
  EXPORT_FORMATS,
  exportLedger,
  followLedger,
  type FoundRecord,
  renderReportHtml,
  renderReportText,
  reportLedger,
  searchLedger,
} from '@praxis/ledger';
import { Argument, type Command, Option } from 'commander';
import { action, EXIT } from '../exit.ts';
import { visible } from '../visible.ts';
import { wholeNumber } from '../whole-number.ts';
import { addFilterOptions, collect, type FilterOptions, filterFrom, keysFrom } from './audit-options.ts';

/** `praxis audit tail|search|export|report PATH`. */
export function registerReadCommands(audit: Command): void {
  const path = (): Argument => new Argument('<path>', 'the ledger file');
  audit
    .command('tail')
    .addArgument(path())
    .option('-f, --follow', 'go on with each new record')
    .option('-n, --lines <count>', 'how many of the last records to show first', '10')
    .option('--json', 'one JSON document per record')
    .description('show the last records; exit 1 when lines among them are damaged')
    .action(action(tail));
  addFilterOptions(
    audit.command('search').addArgument(path()).option('--json', 'one JSON document per record'),
  )
    .description('find records; exit 1 when none fits, or when lines are damaged')
    .action(action(search));
  addFilterOptions(audit.command('export').addArgument(path()))
    .addOption(new Option('--format <format>').choices(EXPORT_FORMATS).default('jsonl'))
    .description('write records to standard output; exit 1 when lines are damaged')
    .action(action(exportRecords));
  addFilterOptions(audit.command('report').addArgument(path()))
    .addOption(new Option('--format <format>').choices(['text', 'json', 'html']).default('text'))
    .option('--key <key>', 'verifier key of the ledger, or a file of them', collect)
    .description(
      'tell who did what, what was approved, denied and interrupted, and whether the ledger is whole',
    )
    .action(action(report));
}

/** How many records `tail` can begin with. */
const TAIL_LINES_MAX = 100_000;

async function tail(
  path: string,
  options: { follow?: boolean; lines: string; json?: boolean },
): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const count = wholeNumber(options.lines, 0, TAIL_LINES_MAX, '--lines');
  const damage = new DamageTally();
  for await (const record of followLedger(path, {
    damage,
    count,
    follow: options.follow ?? false,
    signal: stop.signal,
  })) {
    await write(options.json ? `${JSON.stringify(record)}\n` : `${describeRecord(record)}\n`);
  }
  tellDamage(damage.report);
}

async function search(path: string, options: FilterOptions & { json?: boolean }): Promise<void> {
  let found = 0;
  const damage = new DamageTally();
  for await (const record of searchLedger(path, filterFrom(options), damage)) {
    found += 1;
    await write(options.json ? `${JSON.stringify(record)}\n` : `${describeRecord(record)}\n`);
  }
  if (found === 0) process.exitCode = EXIT.no;
  tellDamage(damage.report);
}

async function exportRecords(
  path: string,
  options: FilterOptions & { format: 'jsonl' | 'csv' },
): Promise<void> {
  const damage = new DamageTally();
  for await (const piece of exportLedger(path, options.format, filterFrom(options), damage))
    await write(piece);
  tellDamage(damage.report);
}

async function report(
  path: string,
  options: FilterOptions & { format: string; key?: string[] },
): Promise<void> {
  const made = await reportLedger(path, filterFrom(options), { publicKeys: keysFrom(options.key) });
  if (options.format === 'json') await write(`${JSON.stringify(made)}\n`);
  else await write(options.format === 'html' ? renderReportHtml(made) : renderReportText(made));
  if (!made.integrity.ok) process.exitCode = EXIT.no;
  tellDamage(made.damaged);
}

/** What was answered is not all there was: says so on standard error, and the exit code is that of a ledger that is not whole. */
function tellDamage({ lines, first }: DamageReport): void {
  if (first === null) return;
  const where = visible(`byte ${first.offset} of ${first.path}`);
  console.error(`praxis: LEDGER_CORRUPT: ${lines} damaged lines are no records, the first at ${where}`);
  process.exitCode = EXIT.no;
}

/** One record on one line; what a caller put in it cannot steer the terminal. */
function describeRecord(record: FoundRecord): string {
  const { seq, ts, kind, decision, reason, principal, tool, target, tier } = record;
  const parts = [
    String(seq).padStart(8),
    ts,
    kind,
    decision,
    reason,
    principal ?? '-',
    tool ?? '-',
    target ?? '-',
    tier ?? '-',
  ];
  return parts.join('  ').replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
