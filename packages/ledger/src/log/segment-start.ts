import { open } from 'node:fs/promises';
import { ChainWalk, type RecoveredRegion } from '../chain-walk.ts';
import { LINE_BYTES_MAX, parseLine } from '../line.ts';
import type { NodeObserver } from '../tree/tree.ts';
import { LogWalk, type LogStart } from './log-walk.ts';
import { LineReader, type LineTaker } from './read-lines.ts';

/** How far into a file its header is looked for, in bytes: what crashes left before it is seldom more than a line. */
export const SEARCH_BYTES_MAX: number = 4 * LINE_BYTES_MAX;
/** How many lines may stand before the first recovery record. */
export const SEARCH_LINES_MAX = 1_024;

/** Where the records of a segment begin, and what its header says came before. */
export interface SegmentStart extends LogStart {
  /** Where the header's line starts, in bytes. */
  readonly offset: number;
  /** What crashes left before the header, each committed to by a recovery record that the header follows. */
  readonly recovered: readonly RecoveredRegion[];
}

/**
 * What the header of a segment's file claims came before it, or null when it has none. A header whose writing was
 * cut short may stand before it, and the record that commits to it: these are held to each other and to the header.
 */
export async function segmentStart(path: string, onNode: NodeObserver | null): Promise<SegmentStart | null> {
  const search = new HeaderSearch(onNode);
  const reader = new LineReader(0, search);
  const file = await open(path, 'r');
  try {
    while (!search.ended) {
      const bytesRead = await reader.readFrom(file);
      if (bytesRead === 0) break;
      reader.take(bytesRead);
    }
  } finally {
    await file.close();
  }
  return search.found;
}

class HeaderSearch implements LineTaker {
  found: SegmentStart | null = null;
  ended = false;
  readonly #onNode: NodeObserver | null;
  /** What stands before the first recovery record: only that says where the chain was. */
  readonly #waiting: { readonly line: Buffer; readonly offset: number }[] = [];
  #chain: ChainWalk | null = null;

  constructor(onNode: NodeObserver | null) {
    this.#onNode = onNode;
  }

  line(line: Buffer, offset: number): void {
    if (this.ended) return;
    if (offset > SEARCH_BYTES_MAX) return this.#give(null);
    const record = parseLine(line);
    if (this.#chain === null && typeof record !== 'string') {
      if (record.kind === 'segment' && this.#waiting.length === 0) return this.#end(line, offset, []);
      if (record.kind !== 'recovery') return this.#give(null);
      const { seq, prev_hash: prevHash, origin_id: originId } = record;
      this.#chain = new ChainWalk({ nextSeq: seq, prevHash, originId });
      for (const one of this.#waiting) this.#chain.line(one.line, one.offset);
    }
    if (this.#chain !== null) this.#follow(this.#chain, line, offset);
    else if (this.#waiting.length < SEARCH_LINES_MAX) this.#waiting.push({ line: Buffer.from(line), offset });
    else this.#give(null);
  }

  /** What is longer than a line, or has no end, is followed by no header that could be believed. */
  fragment(): void {
    this.#give(null);
  }

  #follow(chain: ChainWalk, line: Buffer, offset: number): void {
    const before = chain.records;
    chain.line(line, offset);
    if (chain.records === before) return;
    const record = parseLine(line);
    if (typeof record === 'string' || record.kind === 'recovery') return;
    if (record.kind === 'segment') this.#end(line, offset, chain.recovered);
    else this.#give(null);
  }

  #end(line: Buffer, offset: number, recovered: readonly RecoveredRegion[]): void {
    const start = LogWalk.fromHeader(line, this.#onNode);
    this.#give(start === null ? null : { ...start, offset, recovered });
  }

  #give(found: SegmentStart | null): void {
    if (this.ended) return;
    this.ended = true;
    this.found = found;
  }
}
