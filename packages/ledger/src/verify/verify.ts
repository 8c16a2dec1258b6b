import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { existsSync, statSync } from 'node:fs';
import { errorMessage } from '@praxis/core';
import type { RecoveredRegion } from '../chain-walk.ts';
import { LogWalk } from '../log/log-walk.ts';
import { type SegmentStart, segmentStart } from '../log/segment-start.ts';
import { readLinesUpTo } from '../log/read-lines.ts';
import { listSegments, logOf, type Segment } from '../log/segments.ts';
import { nodeToHex } from '../tree/node-hash.ts';
import { MerkleTree } from '../tree/tree.ts';
import { EvidenceCheck } from './evidence-check.ts';
import {
  expectation,
  type FirstBad,
  interruptedReport,
  REPORT_ITEMS_MAX,
  RESUME_INTENTS_MAX,
  type ResumePoint,
  type VerifyReport,
} from './report.ts';
import type { StampVerifier } from './stamp-verifier.ts';

/**
 * What an auditor checks a ledger with. Each thing that is given is a demand: a key that signed nothing, a witness or an
 * authority that vouched for nothing make a ledger that was closed in order fail.
 */
export interface VerifyOptions {
  /** Default: beside the log. */
  readonly evidencePath?: string | undefined;
  /** An anchor file kept elsewhere. */
  readonly anchorPath?: string | undefined;
  /** The latest checkpoints that witnesses hold, one signed note each, or what asks for them. */
  readonly witnessedNotes?: readonly string[] | (() => Promise<readonly string[]>) | undefined;
  /** Verifier keys the auditor has from elsewhere. Without any, the log's own first key is believed. */
  readonly publicKeys?: readonly string[] | undefined;
  /** Verifier keys of witnesses, to check cosignatures with. */
  readonly witnessKeys?: readonly string[] | undefined;
  /** Who can check stamps, by the name each was made under. */
  readonly stampVerifiers?: Readonly<Record<string, StampVerifier>> | undefined;
  /** Where an earlier verification ended, from a place that whoever writes the ledger cannot reach. */
  readonly resume?: ResumePoint | undefined;
  /** The oldest segments were moved away on purpose: begin with the first that is there. */
  readonly archived?: boolean | undefined;
  /** Told after each piece how many bytes of how many are done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Verifies a log, with all its segments or one of them alone, from its bytes and its evidence,
 * streaming and in constant memory, but for the intents that are open at one time. Any changed byte makes it fail at the record that holds the byte.
 * Never throws for what it finds in or about the files.
 */
export async function verifyLedger(path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const run = new Verification(path, options);
  try {
    await run.walkSegments();
    await run.evidence.finish();
  } catch (error) {
    run.failure = errorMessage(error);
  } finally {
    await run.evidence.close();
  }
  return run.report();
}

class Verification {
  readonly evidence: EvidenceCheck;
  failure: string | null = null;
  readonly #path: string;
  readonly #options: VerifyOptions;
  #walk: LogWalk = new LogWalk();
  #segments: readonly Segment[] = [];
  /** What crashes left before the header of the first segment. */
  #recovered: readonly RecoveredRegion[] = [];
  #current: string;
  #end = 0;
  #done = 0;

  constructor(path: string, options: VerifyOptions) {
    this.#path = path;
    this.#options = options;
    this.#current = path;
    this.evidence = new EvidenceCheck(path, options);
  }

  async walkSegments(): Promise<void> {
    // Anchors before the log, for the same reason as the evidence: a running server only adds to both.
    await this.evidence.loadAnchors();
    this.#segments = segmentsAt(this.#path);
    const resume = this.#resumeStart();
    this.#refuseMissingStart(resume !== null);
    const start = resume ?? (await windowStart(this.#segments));
    this.evidence.begin(start?.tree.size ?? 0, start?.position.originId ?? null);
    this.#walk = new LogWalk(start, (record, offset, tree) => this.evidence.record(record, offset, tree));
    const total = this.#segments.reduce((bytes, segment) => bytes + statSync(segment.path).size, 0);
    const skipped =
      resume === null ? 0 : this.#segments.findIndex(({ path }) => path === this.#options.resume?.path);
    this.#recovered = start?.recovered ?? [];
    let from = start?.offset ?? 0;
    for (const segment of this.#segments.slice(skipped)) {
      await this.#walkSegment(segment, from, total);
      from = 0;
      if (this.#walk.chain.firstBad !== null) return;
    }
    this.evidence.ended(this.#current, this.#end, this.#walk);
  }

  async #walkSegment(segment: Segment, from: number, total: number): Promise<void> {
    this.#current = segment.path;
    this.evidence.enter(segment.path);
    const file = await open(segment.path, 'r');
    try {
      const { size } = await file.stat();
      this.#end = await readLinesUpTo(file, { from, limit: size }, this.#walk.chain, async (at) => {
        this.#options.onProgress?.(this.#done + at, total);
        await this.evidence.readAhead(this.#walk.size);
      });
    } finally {
      await file.close();
    }
    this.#done += this.#end;
  }

  report(): VerifyReport {
    const { chain, tree } = this.#walk;
    const { nextSeq, prevHash, originId } = chain.position;
    const chainBad = chain.firstBad === null ? null : { ...chain.firstBad, path: this.#current };
    const unreadable: FirstBad | null =
      this.failure === null ? null : { offset: 0, seq: nextSeq, code: 'unreadable', path: this.#current };
    const fault = chainBad === null ? this.evidence.fault : null;
    const first_bad = unreadable ?? chainBad ?? fault?.place ?? null;
    const covered = Math.min(this.evidence.covered, tree.size);
    return {
      ok: first_bad === null,
      records: chain.records,
      first_bad,
      unanchored_tail: Math.min(chain.records, tree.size - covered),
      interrupted: interruptedReport(chain.openIntents.interrupted, chain.openIntents.values()),
      interrupted_count: chain.openIntents.interruptedCount + chain.openIntents.size,
      recovered: [...this.#recovered, ...chain.recovered].slice(0, REPORT_ITEMS_MAX),
      segments: this.#segments.length,
      last_hash: prevHash,
      root: nodeToHex(tree.root()),
      origin_id: originId,
      evidence: this.evidence.report(),
      resume: first_bad === null && originId !== null ? this.#resumePoint(originId) : null,
      detail:
        this.failure ??
        (chain.firstBad === null ? (fault?.detail ?? null) : expectation(chain.firstBad, prevHash)),
    };
  }

  /** Removing the oldest records must not pass for archiving them: the auditor says which it was. */
  #refuseMissingStart(resumed: boolean): void {
    const first = this.#segments[0]?.firstSeq ?? 0;
    if (first === 0 || resumed || this.#options.archived === true || logOf(this.#path) !== this.#path) return;
    this.evidence.failAtStart(`the records before ${first} are not here`);
  }

  #resumePoint(originId: string): ResumePoint | null {
    const { tree, chain } = this.#walk;
    if (chain.openIntents.size > RESUME_INTENTS_MAX) return null;
    return {
      path: this.#current,
      offset: this.#end,
      size: tree.size,
      prev_hash: chain.position.prevHash,
      origin_id: originId,
      edge: tree.edge(),
      open_intents: [...chain.openIntents.values()],
      ...this.evidence.learned(),
    };
  }

  #resumeStart(): SegmentStart | null {
    const { resume } = this.#options;
    if (resume === undefined) return null;
    const tree = MerkleTree.fromEdge(resume.size, resume.edge);
    if (tree === null || !this.#segments.some((segment) => segment.path === resume.path)) return null;
    const position = { nextSeq: resume.size, prevHash: resume.prev_hash, originId: resume.origin_id };
    this.evidence.resume(resume);
    const { offset, open_intents: openIntents = [] } = resume;
    return { position, tree, openIntents, offset, recovered: [] };
  }
}

/** All segments of a log, or the one segment that a path names. */
function segmentsAt(path: string): readonly Segment[] {
  const log = logOf(path);
  if (log !== path) return [{ path, firstSeq: Number(path.slice(-21, -6)) }];
  const segments = existsSync(dirname(path)) ? listSegments(path) : [];
  // The system's own error says best why nothing is there.
  return segments.length === 0 ? [{ path, firstSeq: 0 }] : segments;
}

async function windowStart(segments: readonly Segment[]): Promise<SegmentStart | null> {
  const first = segments[0];
  return first === undefined || first.firstSeq === 0 ? null : segmentStart(first.path, null);
}
