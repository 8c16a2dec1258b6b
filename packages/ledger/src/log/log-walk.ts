import { canonicalJson, isJsonObject, type Json } from '@praxis/core';
import { type ChainPosition, ChainWalk, GENESIS, type WalkedRecord } from '../chain-walk.ts';
import { parseLine } from '../line.ts';
import type { OpenIntent } from '../open-intents.ts';
import type { LedgerEntry, StoredRecord } from '../record.ts';
import { ARGS_CHARS_MAX } from '../safe-json.ts';
import { BatchedTree } from '../tree/batched-tree.ts';
import { nodeToHex } from '../tree/node-hash.ts';
import { MerkleTree, type NodeObserver } from '../tree/tree.ts';

/** The reason of the record that begins every segment but the first. */
export const SEGMENT_STARTED = 'segment_started';
/** How many open intents a segment header may carry; with more, rotation waits. */
export const INTENTS_CARRIED_MAX = 100;

/** Told every record that is part of the chain, after the tree has taken it. */
export type RecordObserver = (record: WalkedRecord, offset: number, tree: BatchedTree) => void;

/**
 * Walks the segments of one log in order: the chain, the tree over its lines, and the commitments of
 * the segment headers to all that came before.
 */
export class LogWalk {
  readonly chain: ChainWalk;
  readonly #tree: BatchedTree;
  /** Whether the file that is being walked has shown its segment header; the first segment needs none. */
  headerSeen = false;

  constructor(
    start: { position: ChainPosition; tree: MerkleTree; openIntents: readonly OpenIntent[] } | null = null,
    observe?: RecordObserver,
    nodes: NodeObserver | null = null,
  ) {
    this.#tree = new BatchedTree(start?.tree ?? new MerkleTree(nodes));
    this.chain = new ChainWalk(
      start?.position ?? GENESIS,
      (record, entryHash, offset) => {
        this.#tree.append(entryHash);
        if (record.kind === 'segment') this.headerSeen = true;
        observe?.(record, offset, this.#tree);
      },
      (header) => (this.#headerHolds(header) ? null : 'segment_mismatch'),
    );
    for (const intent of start?.openIntents ?? []) this.chain.openIntents.add(intent);
  }

  /** The tree over all records that were walked. */
  get tree(): MerkleTree {
    return this.#tree.tree;
  }

  /** How many records there are, those before the walk included. */
  get size(): number {
    return this.#tree.size;
  }

  /**
   * Where a segment that stands alone begins: what its header claims came before. The claim is checked
   * in itself (the edge gives the root), and against the segments before whenever those are walked too.
   */
  static fromHeader(line: Buffer, nodes: NodeObserver | null = null): LogStart | null {
    const record = parseLine(line);
    if (typeof record === 'string' || record.kind !== 'segment' || !isJsonObject(record.args)) return null;
    const { edge, root, open_intents: intents } = record.args;
    if (!isStringArray(edge) || !Array.isArray(intents)) return null;
    const tree = MerkleTree.fromEdge(record.seq, edge, nodes);
    if (tree === null || nodeToHex(tree.root()) !== root) return null;
    const position = { nextSeq: record.seq, prevHash: record.prev_hash, originId: record.origin_id };
    return { position, tree, openIntents: intents as unknown as OpenIntent[] };
  }

  #headerHolds(record: StoredRecord): boolean {
    const expected = segmentArgs(this.tree, this.chain.position, [...this.chain.openIntents.values()]);
    return canonicalJson(record.args) === canonicalJson(expected);
  }
}

/** What a log continues from. */
export interface LogStart {
  readonly position: ChainPosition;
  readonly tree: MerkleTree;
  readonly openIntents: readonly OpenIntent[];
}

/** The header of a segment, or null when more intents are open than one can carry: it commits to the last hash, the size and the root of all records before. */
export function segmentEntry(
  tree: MerkleTree,
  position: ChainPosition,
  openIntents: readonly OpenIntent[],
): LedgerEntry | null {
  const args = segmentArgs(tree, position, openIntents);
  if (openIntents.length > INTENTS_CARRIED_MAX || canonicalJson(args).length > ARGS_CHARS_MAX) return null;
  return {
    kind: 'segment',
    decision: 'session',
    reason: SEGMENT_STARTED,
    tool: 'praxis',
    tier: 'T0',
    args,
  };
}

function segmentArgs(tree: MerkleTree, position: ChainPosition, openIntents: readonly OpenIntent[]): Json {
  return {
    last_hash: position.prevHash,
    size: tree.size,
    root: nodeToHex(tree.root()),
    edge: tree.edge(),
    open_intents: openIntents.map((intent) => ({ ...intent })),
  };
}

function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
