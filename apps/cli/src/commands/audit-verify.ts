import { type VerifyReport, verifyLedger } from '@praxis/ledger';
import type { Command } from 'commander';
import { action, EXIT } from '../exit.ts';

/** `praxis audit verify PATH`: is this ledger whole? */
export function registerVerifyCommand(audit: Command): void {
  audit
    .command('verify')
    .argument('<path>', 'the ledger file')
    .option('--json', 'answer one JSON document')
    .description('check every byte of a ledger; exit 0 whole, 1 not, 3 cannot be read')
    .action(action(verify));
}

async function verify(path: string, options: { json?: boolean }): Promise<void> {
  const report = await verifyLedger(path);
  console.log(options.json ? JSON.stringify(report) : describe(path, report));
  process.exitCode = exitCodeOf(report);
}

function exitCodeOf(report: VerifyReport): number {
  if (report.ok) return EXIT.yes;
  return report.first_bad?.code === 'unreadable' ? EXIT.cannotTell : EXIT.no;
}

function describe(path: string, report: VerifyReport): string {
  const lines = [
    report.ok
      ? `whole: ${report.records} records in ${path}`
      : `NOT whole: ${report.records} records verify, then byte ${report.first_bad?.offset} (seq ${report.first_bad?.seq}) does not: ${report.first_bad?.code}${report.detail === null ? '' : `, ${report.detail}`}`,
    `  not covered by a checkpoint: ${report.unanchored_tail}`,
  ];
  for (const region of report.recovered) {
    lines.push(
      `  recovered: ${region.length} bytes at ${region.offset} that a crash left, kept and committed to by seq ${region.seq}`,
    );
  }
  for (const intent of report.interrupted) {
    const closed = intent.closed_by === null ? 'no outcome so far' : `closed by seq ${intent.closed_by}`;
    lines.push(
      `  interrupted, outcome unknown: seq ${intent.seq} ${intent.tool ?? '?'} ${intent.target ?? ''} (${closed})`,
    );
  }
  return lines.join('\n');
}
