import { z } from 'zod';
import { parseCheckpoint } from '../evidence/checkpoint.ts';
import { evidencePathOf } from '../evidence/evidence.ts';
import { ledgerError } from '../errors.ts';
import { claimedHash, entryHashOf, hashOfLine, parseLine } from '../line.ts';
import { tilesPathOf } from '../open-log.ts';
import { leafHash, nodeFromBase64, nodeToBase64 } from '../tree/node-hash.ts';
import { inclusionProof, consistencyProof, PROOF_HASHES_MAX, rootFromInclusion } from '../tree/proof.ts';
import { tileSource } from '../tree/tiles.ts';
import { KeyRing } from '../verify/key-ring.ts';
import type { StampVerifier } from '../verify/stamp-verifier.ts';
import { verifyCosignature } from '../evidence/cosignature.ts';
import { parseVerifierKey } from '../evidence/note.ts';
import { coveringCheckpoint } from './covering-checkpoint.ts';
import { readLinesAt } from './locate.ts';

/** The format of a proof file, field `format`. */
export const PROOF_FORMAT = 'praxis-ledger-proof/v1';
const LINE_CHARS_MAX = 1_048_576;

/**
 * A proof that one record is in a ledger, to be checked offline against a public key alone. It reveals
 * that record and nothing of any other: the audit path holds hashes only, and every record carries the
 * hash of the one before, so that no neighbour can be found by guessing.
 */
export interface LedgerProof {
  readonly format: typeof PROOF_FORMAT;
  readonly seq: number;
  /** The stored line, exactly. */
  readonly record: string;
  /** Base64, leaf end first, RFC 6962 §2.1.1. */
  readonly audit_path: readonly string[];
  /** The signed note. */
  readonly checkpoint: string;
  readonly cosignatures: readonly string[];
  readonly stamps: readonly { readonly stamper: string; readonly token_base64: string }[];
}

const proofSchema: z.ZodType<LedgerProof> = z.strictObject({
  format: z.literal(PROOF_FORMAT),
  seq: z.int().min(0),
  record: z.string().max(LINE_CHARS_MAX),
  audit_path: z.array(z.base64().length(44)).max(PROOF_HASHES_MAX),
  checkpoint: z.string().max(65_536),
  cosignatures: z.array(z.string().max(65_536)).max(64),
  stamps: z
    .array(z.strictObject({ stamper: z.string().max(128), token_base64: z.base64().max(262_144) }))
    .max(16),
});

/**
 * Makes the proof of one record against the last checkpoint (or the first one that covers it, with
 * `earliest`). Throws `LEDGER_UNREADABLE` when the record is not there or no checkpoint covers it,
 * `LEDGER_CORRUPT` when the log does not lead to the checkpoint's root.
 */
export async function proveRecord(
  path: string,
  seq: number,
  options: { readonly earliest?: boolean | undefined; readonly evidencePath?: string | undefined } = {},
): Promise<LedgerProof> {
  const [filed, [record = '']] = await Promise.all([
    coveringCheckpoint(options.evidencePath ?? evidencePathOf(path), seq, options.earliest),
    readLinesAt(path, seq, 1),
  ]);
  if (filed === null)
    throw ledgerError('LEDGER_UNREADABLE', `no checkpoint covers record ${seq}`, { fields: { path, seq } });
  const line = Buffer.from(record);
  // The tree holds the entry hash alone, so that it would lead to the root from a changed record too.
  if (claimedHash(line) !== hashOfLine(line))
    throw ledgerError('LEDGER_CORRUPT', `record ${seq} is not as it was written`, { fields: { path, seq } });
  const { size, root } = filed;
  let audit = await inclusionProof(nodesOf(path, size, true), seq, size);
  if (rootFromInclusion(leafHash(entryHashOf(record)), seq, size, audit) !== root) {
    // The tiles are only a cache: what counts is what the log itself gives.
    audit = await inclusionProof(nodesOf(path, size, false), seq, size);
    if (rootFromInclusion(leafHash(entryHashOf(record)), seq, size, audit) !== root) {
      throw ledgerError(
        'LEDGER_CORRUPT',
        `record ${seq} does not lead to the root of the checkpoint of ${size} records`,
      );
    }
  }
  return {
    format: PROOF_FORMAT,
    seq,
    record,
    audit_path: audit.map(nodeToBase64),
    checkpoint: filed.note,
    cosignatures: filed.cosignatures,
    stamps: filed.stamps,
  };
}

/** A consistency proof (RFC 6962 §2.1.2) between two sizes of the log, in base64. */
export async function proveConsistency(path: string, oldSize: number, size: number): Promise<string[]> {
  return (await consistencyProof(nodesOf(path, size, true), oldSize, size)).map(nodeToBase64);
}

function nodesOf(path: string, size: number, cached: boolean): ReturnType<typeof tileSource> {
  const leaves = async (from: number, count: number): Promise<string[]> =>
    (await readLinesAt(path, from, count)).map((line) => leafHash(entryHashOf(line)));
  return tileSource(cached ? tilesPathOf(path) : null, size, leaves);
}

/** What checking a proof found; `problem` is a code, null when the proof holds. */
export interface ProofVerdict {
  readonly ok: boolean;
  readonly problem:
    | 'bad_proof'
    | 'bad_record'
    | 'bad_checkpoint'
    | 'untrusted_key'
    | 'bad_signature'
    | 'root_mismatch'
    | 'cosignature_invalid'
    | 'stamp_invalid'
    | 'unwitnessed'
    | 'unstamped'
    | null;
  readonly seq: number | null;
  readonly tree_size: number | null;
  readonly origin: string | null;
  readonly witnesses: readonly string[];
  readonly stamped_at: readonly string[];
}

/**
 * Checks a proof offline, against keys the auditor has from elsewhere. With keys of witnesses, or with who can check
 * stamps, there must be a good one of either. Never throws for what is in the proof.
 */
export async function checkProof(
  value: unknown,
  keys: {
    readonly publicKeys: readonly string[];
    readonly witnessKeys?: readonly string[] | undefined;
    readonly stampVerifiers?: Readonly<Record<string, StampVerifier>> | undefined;
  },
): Promise<ProofVerdict> {
  const parsed = proofSchema.safeParse(value);
  if (!parsed.success) return verdict('bad_proof');
  const proof = parsed.data;
  const line = Buffer.from(proof.record);
  const record = parseLine(line);
  const signed = parseCheckpoint(proof.checkpoint);
  const entryHash = claimedHash(line);
  if (typeof record === 'string' || record.seq !== proof.seq) return verdict('bad_record');
  // The tree holds the entry hash alone: that the record is the one it stands for is checked here.
  if (entryHash === null || entryHash !== hashOfLine(line)) return verdict('bad_record');
  if (signed === null) return verdict('bad_checkpoint');
  const { size, root, origin } = signed.checkpoint;
  if (origin !== `praxis/${record.origin_id}`) return verdict('bad_checkpoint');
  const signature =
    keys.publicKeys.length === 0 ? 'untrusted_key' : new KeyRing(keys.publicKeys).judge(signed.note, origin);
  if (signature !== 'good') return verdict(signature);
  const reached = rootFromInclusion(
    leafHash(entryHash),
    proof.seq,
    size,
    proof.audit_path.map(nodeFromBase64),
  );
  if (reached !== root) return verdict('root_mismatch');
  const vouched = await checkVouchers(proof, signed.note.text, keys);
  return typeof vouched === 'string'
    ? verdict(vouched)
    : { ok: true, problem: null, seq: proof.seq, tree_size: size, origin, ...vouched };
}

async function checkVouchers(
  proof: LedgerProof,
  text: string,
  keys: {
    readonly witnessKeys?: readonly string[] | undefined;
    readonly stampVerifiers?: Readonly<Record<string, StampVerifier>> | undefined;
  },
): Promise<
  | 'cosignature_invalid'
  | 'stamp_invalid'
  | 'unwitnessed'
  | 'unstamped'
  | { witnesses: string[]; stamped_at: string[] }
> {
  const witnesses: string[] = [];
  for (const lines of proof.cosignatures) {
    for (const key of (keys.witnessKeys ?? []).map(parseVerifierKey).filter((key) => key !== null)) {
      const judged = verifyCosignature(text, lines, key);
      if (judged === 'invalid') return 'cosignature_invalid';
      if (judged === 'valid') witnesses.push(key.name);
    }
  }
  if (keys.witnessKeys !== undefined && witnesses.length === 0) return 'unwitnessed';
  const stampedAt: string[] = [];
  for (const { stamper, token_base64: token } of proof.stamps) {
    const verifier = keys.stampVerifiers?.[stamper];
    if (verifier === undefined) continue;
    try {
      stampedAt.push((await verifier(Buffer.from(token, 'base64'), proof.checkpoint)).time);
    } catch {
      return 'stamp_invalid';
    }
  }
  if (keys.stampVerifiers !== undefined && stampedAt.length === 0) return 'unstamped';
  return { witnesses, stamped_at: stampedAt };
}

function verdict(problem: Exclude<ProofVerdict['problem'], null>): ProofVerdict {
  return { ok: false, problem, seq: null, tree_size: null, origin: null, witnesses: [], stamped_at: [] };
}
