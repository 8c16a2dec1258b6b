import { closeSync } from 'node:fs';
import type { ChainPosition } from '../chain-walk.ts';
import { ledgerError } from '../errors.ts';
import { MerkleTree } from '../tree/tree.ts';
import type { LogFile } from './log-file.ts';
import { LogWalk } from './log-walk.ts';
import { type LogEnd, recoverEnd } from './recover.ts';

/** What stands in a log after its last durable record. */
export interface ReadBack {
  readonly walk: LogWalk;
  readonly end: LogEnd;
  /** The hashes of the records found. The log's own tree grows only once all of them are known to be good. */
  readonly entryHashes: readonly string[];
}

/**
 * Reads a log from the end of its last durable record on, after a write or a sync has failed. Closes the
 * file and throws when what it finds is more than a write that was cut short, or less than was durable.
 */
export async function readBack(
  file: LogFile,
  durableSize: number,
  durableTree: MerkleTree,
  position: ChainPosition,
): Promise<ReadBack> {
  try {
    if (file.size < durableSize)
      throw ledgerError('LEDGER_CORRUPT', 'durable records are missing from the log');
    const entryHashes: string[] = [];
    const tree = MerkleTree.fromEdge(durableTree.size, durableTree.edge()) ?? new MerkleTree();
    const walk = new LogWalk({ position, tree, openIntents: [] }, () =>
      entryHashes.push(walk.chain.position.prevHash),
    );
    return { walk, end: await recoverEnd(file, durableSize, walk), entryHashes };
  } catch (error) {
    closeSync(file.fd);
    throw error;
  }
}
