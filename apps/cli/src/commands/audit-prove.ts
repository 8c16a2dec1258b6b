import { readFileSync } from 'node:fs';
import { errorMessage, PraxisError } from '@praxis/core';
import { checkProof, type ProofVerdict, proveRecord } from '@praxis/ledger';
import type { Command } from 'commander';
import { action, EXIT } from '../exit.ts';
import { collect, keysFrom, stampVerifiersFrom } from './audit-options.ts';

/** `praxis audit prove` and `praxis audit check-proof`. */
export function registerProofCommands(audit: Command): void {
  audit
    .command('prove')
    .argument('<seq>', 'the record')
    .argument('<path>', 'the ledger file')
    .option('--evidence <file>', 'where the evidence is, when not beside the ledger')
    .option('--earliest', 'against the first checkpoint that covers the record, not the last')
    .description('write a self-contained proof of one record to standard output; it reveals no other record')
    .action(action(prove));
  audit
    .command('check-proof')
    .argument('<file>', 'the proof')
    .requiredOption('--key <key>', 'verifier key of the ledger, or a file of them', collect)
    .option('--witness-key <key>', 'verifier key of a witness, or a file of them', collect)
    .option('--tsa-cert <file>', 'PEM of the time-stamping authority or its root: check the stamps', collect)
    .option('--json', 'answer one JSON document')
    .description('check a proof offline; exit 0 it holds, 1 it does not')
    .action(action(check));
}

async function prove(
  seq: string,
  path: string,
  options: { earliest?: boolean; evidence?: string },
): Promise<void> {
  if (!/^\d{1,15}$/.test(seq)) throw new PraxisError('USAGE', `\`${seq}\` is no sequence number`);
  const proof = await proveRecord(path, Number(seq), {
    earliest: options.earliest,
    evidencePath: options.evidence,
  });
  console.log(JSON.stringify(proof));
}

async function check(
  file: string,
  options: { key: string[]; witnessKey?: string[]; tsaCert?: string[]; json?: boolean },
): Promise<void> {
  const verdict = await checkProof(readProof(file), {
    publicKeys: keysFrom(options.key) ?? [],
    witnessKeys: keysFrom(options.witnessKey, 'cosignature'),
    stampVerifiers: stampVerifiersFrom(options.tsaCert),
  });
  if (options.json) console.log(JSON.stringify(verdict));
  else if (verdict.ok) console.log(holding(verdict, options));
  else console.log(`does NOT hold: ${verdict.problem}`);
  process.exitCode = verdict.ok ? EXIT.yes : EXIT.no;
}

/** What a proof that holds says, and what of it nobody looked at. */
function holding(
  verdict: ProofVerdict,
  asked: { readonly witnessKey?: readonly string[]; readonly tsaCert?: readonly string[] },
): string {
  const lines = [`holds: record ${verdict.seq} is in ${verdict.origin}, among ${verdict.tree_size} records`];
  if (asked.witnessKey !== undefined) lines.push(`  witnessed by: ${listed(verdict.witnesses)}`);
  else lines.push('  NOT checked: cosignatures; no --witness-key was given');
  if (asked.tsaCert !== undefined) lines.push(`  stamped at: ${listed(verdict.stamped_at)}`);
  else lines.push('  NOT checked: stamps; no --tsa-cert was given');
  return lines.join('\n');
}

function listed(texts: readonly string[]): string {
  return texts.length === 0 ? 'none' : texts.join(', ');
}

function readProof(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PraxisError('PROOF_UNREADABLE', errorMessage(cause), { cause });
  }
  try {
    return JSON.parse(text);
  } catch {
    // What is not JSON is no proof: the answer is no, not that we cannot tell.
    return null;
  }
}
