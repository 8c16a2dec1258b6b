import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { PraxisError } from '@praxis/core';
import {
  type DirectoryOptions,
  parseResumePoint,
  type ResumePoint,
  verifyDirectory,
  verifyLedger,
  type VerifyOptions,
  type VerifyReport,
} from '@praxis/ledger';
import type { Command } from 'commander';
import { action, EXIT } from '../exit.ts';
import { collect, keysFrom, stampVerifiersFrom } from './audit-options.ts';
import { visible } from '../visible.ts';
import { witnessedBy } from './audit-witnessed.ts';

interface Options {
  readonly json?: boolean;
  readonly key?: string[];
  readonly evidence?: string;
  readonly anchor?: string;
  readonly anchorShared?: boolean;
  readonly witnessKey?: string[];
  readonly witnessed?: string[];
  readonly tsaCert?: string[];
  readonly resume?: string;
  readonly archived?: boolean;
}

/** `praxis audit verify PATH`: is this ledger, or every ledger in this directory, whole? */
export function registerVerifyCommand(audit: Command): void {
  audit
    .command('verify')
    .argument('<path>', 'the ledger file, one of its segments, or a directory of ledgers')
    .option('--json', 'answer one JSON document')
    .option('--key <key>', 'verifier key you have from elsewhere, or a file of them', collect)
    .option('--evidence <file>', 'where the evidence is, when not beside the ledger')
    .option('--anchor <file>', 'checkpoints that were kept elsewhere')
    .option(
      '--anchor-shared',
      'of a directory: the anchor also speaks for ledgers that are elsewhere on purpose',
    )
    .option('--witness-key <key>', 'verifier key of a witness, or a file of them', collect)
    .option(
      '--witnessed <where>',
      'what a witness saw: its URL, or a file of `praxis audit witness export`',
      collect,
    )
    .option('--tsa-cert <file>', 'PEM of the time-stamping authority or its root: check the stamps', collect)
    .option('--archived', 'the oldest segments were moved away on purpose')
    .option(
      '--resume <file>',
      'go on where the last verification with this file ended; keep it out of reach of the ledger',
    )
    .description('check every byte of a ledger; exit 0 whole, 1 not, 3 cannot be read')
    .action(action(verify));
}

async function verify(path: string, options: Options): Promise<void> {
  const given: VerifyOptions = {
    publicKeys: keysFrom(options.key),
    evidencePath: options.evidence,
    anchorPath: options.anchor,
    witnessKeys: keysFrom(options.witnessKey, 'cosignature'),
    stampVerifiers: stampVerifiersFrom(options.tsaCert),
    archived: options.archived,
    onProgress: process.stderr.isTTY ? showProgress() : undefined,
  };
  const witnessed = (ledger: string): Pick<VerifyOptions, 'witnessedNotes'> => ({
    witnessedNotes: witnessedBy(options.witnessed, ledger, given.witnessKeys ?? []),
  });
  if (existsSync(path) && statSync(path).isDirectory())
    return verifyAll(path, { ...given, anchorShared: options.anchorShared }, { options, witnessed });
  const report = await verifyLedger(path, {
    ...given,
    ...witnessed(path),
    resume: readResume(options.resume),
  });
  console.log(options.json ? JSON.stringify(report) : describe(path, report, options));
  process.exitCode = exitCodeOf(report);
  if (options.resume !== undefined && report.resume !== null) keepResume(options.resume, report.resume);
}

async function verifyAll(
  directory: string,
  given: DirectoryOptions,
  { options, witnessed }: { options: Options; witnessed: Parameters<typeof verifyDirectory>[2] },
): Promise<void> {
  const found = await verifyDirectory(directory, given, witnessed);
  if (options.json) console.log(JSON.stringify(found));
  else {
    for (const { path, report } of found.ledgers) console.log(describe(path, report, options));
    for (const origin of found.repeated_origins) console.log(`two ledgers claim to be ${origin}`);
    for (const origin of found.missing_origins)
      console.log(
        `NOT here: the anchor speaks for ${visible(origin)} (--anchor-shared if that is elsewhere on purpose)`,
      );
    if (found.ledgers.length === 0) console.log(`no ledger in ${directory}`);
  }
  const codes = found.ledgers.map(({ report }) => exitCodeOf(report));
  const empty = found.ledgers.length === 0 && found.missing_origins.length === 0;
  process.exitCode = found.ok
    ? EXIT.yes
    : empty || (codes.includes(EXIT.cannotTell) && !codes.includes(EXIT.no))
      ? EXIT.cannotTell
      : EXIT.no;
}

function exitCodeOf(report: VerifyReport): number {
  if (report.ok) return EXIT.yes;
  return report.first_bad?.code === 'unreadable' ? EXIT.cannotTell : EXIT.no;
}

function readResume(file: string | undefined): ResumePoint | undefined {
  if (file === undefined || !existsSync(file)) return undefined;
  let kept: unknown = null;
  try {
    kept = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new PraxisError('USAGE', `\`${file}\` holds no place to resume from`, { cause });
  }
  const point = parseResumePoint(kept);
  if (point === null) throw new PraxisError('USAGE', `\`${file}\` holds no place to resume from`);
  return point;
}

function keepResume(file: string, resume: ResumePoint): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(resume)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

const PROGRESS_BYTES_MIN = 64 * 1024 * 1024;
const BAR_CHARS = 40;

/** A bar on standard error, for logs long enough to wait for. */
function showProgress(): (done: number, total: number) => void {
  let shown = -1;
  return (done, total) => {
    const percent = Math.floor((done / total) * 100);
    if (total < PROGRESS_BYTES_MIN || percent === shown) return;
    shown = percent;
    const filled = Math.round((percent / 100) * BAR_CHARS);
    process.stderr.write(
      `\r[${'#'.repeat(filled).padEnd(BAR_CHARS)}] ${percent} %${percent >= 99 ? '\r\u001b[K' : ''}`,
    );
  };
}

function describe(path: string, report: VerifyReport, options: Options): string {
  const { evidence } = report;
  const lines = [
    report.ok ? `whole: ${report.records} records in ${path}` : broken(path, report),
    `  segments: ${report.segments}; checkpoints: ${evidence.checkpoints}; not covered by a checkpoint: ${report.unanchored_tail}`,
  ];
  if (evidence.anchored !== null) lines.push(`  anchored: up to ${evidence.anchored} records`);
  if (evidence.witnessed !== null) lines.push(`  witnessed: up to ${evidence.witnessed} records`);
  if (evidence.stamped !== null)
    lines.push(`  stamped: up to ${evidence.stamped} records, at ${evidence.stamped_at ?? '-'}`);
  for (const left of unchecked(options, report)) lines.push(`  NOT checked: ${left}`);
  for (const region of report.recovered) {
    lines.push(
      `  recovered: ${region.length} bytes at ${region.offset} that a crash left, kept and committed to by seq ${region.seq}`,
    );
  }
  for (const intent of report.interrupted) {
    const closed = intent.closed_by === null ? 'no outcome so far' : `closed by seq ${intent.closed_by}`;
    const what = visible(`${intent.tool ?? '?'} ${intent.target ?? ''}`);
    lines.push(`  interrupted, outcome unknown: seq ${intent.seq} ${what} (${closed})`);
  }
  return lines.join('\n');
}

/** What nobody gave anything to check with. */
function unchecked(options: Options, { evidence }: VerifyReport): string[] {
  const left: string[] = [];
  if (options.key === undefined)
    left.push('whose key it is; the one that the ledger names was believed (--key)');
  if (options.anchor === undefined && options.witnessed === undefined)
    left.push('whether ledger and evidence were rolled back together (--anchor, --witnessed)');
  if (evidence.stamps > 0 && options.tsaCert === undefined)
    left.push(`${evidence.stamps} stamps (--tsa-cert)`);
  return left;
}

function broken(path: string, report: VerifyReport): string {
  const bad = report.first_bad;
  if (bad === null) return `NOT whole: ${path}`;
  const why = report.detail === null ? '' : `, ${report.detail}`;
  return `NOT whole: ${report.records} records verify, then byte ${bad.offset} of ${bad.path} (seq ${bad.seq}) does not: ${bad.code}${why}`;
}
