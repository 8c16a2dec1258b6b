import { NODE_BYTES, type NodeHash, nodeToBase64 } from '../tree/node-hash.ts';
import { parseNote, type SignedNote } from './note.ts';

/** What a checkpoint (C2SP tlog-checkpoint) says: this log, of this many records, has this root. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: NodeHash;
  /** Lines after the root; ours commits to the evidence so far. */
  readonly extensions: readonly string[];
}

const EVIDENCE_EXTENSION = 'praxis-evidence ';

/** The origin line of a ledger: also the name of its signing key. */
export function originLine(originId: string): string {
  return `praxis/${originId}`;
}

/** The extension line that commits to everything the evidence holds before this checkpoint. */
export function evidenceExtension(lastHash: string): string {
  return `${EVIDENCE_EXTENSION}${lastHash}`;
}

/** The hash of the last evidence line before a checkpoint, or null when it commits to none. */
export function committedEvidence(checkpoint: Checkpoint): string | null {
  const line = checkpoint.extensions.find((extension) => extension.startsWith(EVIDENCE_EXTENSION));
  return line === undefined ? null : line.slice(EVIDENCE_EXTENSION.length);
}

export function checkpointText(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions } = checkpoint;
  return [origin, String(size), nodeToBase64(root), ...extensions].map((line) => `${line}\n`).join('');
}

/** Reads a signed checkpoint, or gives null when the note holds none. Checks no signature. */
export function parseCheckpoint(note: string): { checkpoint: Checkpoint; note: SignedNote } | null {
  const signed = parseNote(note);
  if (signed === null) return null;
  const [origin = '', digits = '', encoded = '', ...rest] = signed.text.slice(0, -1).split('\n');
  const root = Buffer.from(encoded, 'base64');
  if (origin === '' || !/^(?:0|[1-9]\d{0,15})$/.test(digits)) return null;
  if (root.length !== NODE_BYTES || root.toString('base64') !== encoded) return null;
  const checkpoint = { origin, size: Number(digits), root: root.toString('latin1'), extensions: rest };
  return Number.isSafeInteger(checkpoint.size) ? { checkpoint, note: signed } : null;
}
