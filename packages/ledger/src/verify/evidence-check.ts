import { existsSync } from 'node:fs';
import { originLine, parseCheckpoint } from '../evidence/checkpoint.ts';
import { evidencePathOf } from '../evidence/evidence.ts';
import { LogWalk } from '../log/log-walk.ts';
import { READ_BYTES } from '../log/read-lines.ts';
import { walkFile } from '../log/recover.ts';
import { logOf } from '../log/segments.ts';
import { SESSION_ENDED } from '../own-entries.ts';
import { isWhole, type WalkedRecord } from '../chain-walk.ts';
import type { BatchedTree } from '../tree/batched-tree.ts';
import { AnchoredRoots } from './anchored-roots.ts';
import { EvidenceCursor, type FiledCheckpoint } from './evidence-cursor.ts';
import { KeyRing } from './key-ring.ts';
import type { EvidenceFault, EvidenceProblem, EvidenceReport, FirstBad, ResumePoint } from './report.ts';
import type { VerifyOptions } from './verify.ts';
import { VoucherCheck } from './voucher-check.ts';

/** No line of a record is shorter, in bytes. */
export const RECORD_BYTES_MIN = 352;
/** How many records one piece of the log can end at most: one may have begun in the piece before. */
const RECORDS_READ_MAX = Math.ceil(READ_BYTES / RECORD_BYTES_MIN) + 2;

/** Holds a log that is being walked to its checkpoints, anchors, witnesses and stamps. */
export class EvidenceCheck {
  covered = 0;
  fault: EvidenceProblem | null = null;
  readonly #options: VerifyOptions;
  readonly #cursor: EvidenceCursor;
  readonly #keys: KeyRing;
  readonly #anchors = new AnchoredRoots();
  /** How many records the last good checkpoint but one covers. */
  #coveredBefore = 0;
  /**
   * One segment alone: what the evidence says about the others is not its concern. A log whose oldest
   * segments were archived is none: its end is there, and must be what the evidence says.
   */
  readonly #segmentAlone: boolean;
  #logPath: string;
  #logEnd = 0;
  /** How many records are not walked this time. */
  #start = 0;
  #size = 0;
  #originId: string | null = null;
  #checkpoints = 0;
  #last: FiledCheckpoint | null = null;
  /** The last one that speaks for nothing but records that are not walked this time. */
  #lastBefore: FiledCheckpoint | null = null;
  /** What the last session header says the evidence held already. */
  #promised: { readonly records: number; readonly lastHash: string; readonly found: string | null } | null =
    null;
  #evidenceExpected = false;
  /** Whether the last session header says that its session keeps evidence; null when no header was seen. */
  #kept: boolean | null = null;
  #endedInOrder = false;
  /** How many records there were when the last session that kept evidence ended in order: all were covered then. */
  #owed = 0;
  readonly #vouchers: VoucherCheck;

  constructor(path: string, options: VerifyOptions) {
    this.#options = options;
    this.#logPath = path;
    this.#segmentAlone = path !== logOf(path);
    const evidence = options.evidencePath ?? evidencePathOf(logOf(path));
    this.#vouchers = new VoucherCheck(evidence, options);
    this.#cursor = new EvidenceCursor(evidence, (voucher) => this.#vouchers.check(voucher));
    this.#keys = new KeyRing(options.publicKeys ?? []);
  }

  /** Records before `size` are not walked this time; `originId` is null when no record is known yet. */
  begin(size: number, originId: string | null): void {
    this.#start = size;
    this.#size = size;
    if (originId !== null) this.#anchors.choose(originId, size);
  }

  /** Goes on with what an earlier verification learned of the records that are not walked. */
  resume({ keys = [], trusted_keys: followed = [], keeps_evidence: kept }: ResumePoint): void {
    this.#keys.resume(keys, followed);
    // A log that has named a key has evidence.
    this.#evidenceExpected = keys.length > 0;
    this.#kept = kept ?? (keys.length > 0 ? true : null);
  }

  /** What a later verification must know of the keys, and of the session that goes on. */
  learned(): Pick<ResumePoint, 'keys' | 'trusted_keys' | 'keeps_evidence'> {
    const { changes, followed } = this.#keys;
    return { keys: changes, trusted_keys: followed, keeps_evidence: this.#kept ?? undefined };
  }

  /** The log does not begin where a log begins. */
  failAtStart(detail: string): void {
    this.#failAt({ offset: 0, seq: 0, code: 'segment_missing', path: this.#logPath }, detail);
  }

  enter(path: string): void {
    this.#logPath = path;
  }

  /** Reads enough evidence for the next piece of the log. */
  async readAhead(size: number): Promise<void> {
    await this.#cursor.readPast(size + RECORDS_READ_MAX);
    await this.#anchors.readPast(size + RECORDS_READ_MAX);
  }

  /** Takes each record of the log once the tree has it. */
  record(record: WalkedRecord, offset: number, tree: BatchedTree): void {
    this.#size = tree.size;
    this.#endedInOrder = isWhole(record) ? record.reason === SESSION_ENDED : record.hasReason(SESSION_ENDED);
    // The first record is always read as a whole; it says whose log this is.
    if (isWhole(record)) this.#anchors.choose(record.origin_id, this.#start);
    if (record.kind === 'session' || record.kind === 'control') this.#learn(record);
    if (this.#endedInOrder && this.#kept !== false) this.#owed = tree.size;
    const { checkpoints } = this.#cursor;
    while (checkpoints[0] !== undefined && checkpoints[0].size <= tree.size) {
      const checkpoint = checkpoints.shift();
      if (checkpoint !== undefined) this.#compare(checkpoint, offset, tree);
    }
    if (this.#anchors.speaksFor(tree.size) && !this.#anchors.holds(tree.size, tree.root()))
      this.#fail('anchor_mismatch', offset, `the anchor has another root for ${tree.size} records`);
  }

  /** The log ended; `walk` stands after its last record. */
  ended(path: string, offset: number, walk: LogWalk): void {
    this.#logPath = path;
    this.#logEnd = offset;
    this.#size = walk.tree.size;
    this.#originId = walk.chain.position.originId;
  }

  /** Checks what can only be said at the end. */
  async finish(): Promise<void> {
    await this.#cursor.readPast(Number.MAX_SAFE_INTEGER);
    this.#finishEvidence();
    this.#finishAnchors();
    this.#judgeLast();
    await this.#checkPromise();
    if (this.#vouchers.fault !== null) this.#failAt(this.#vouchers.fault.place, this.#vouchers.fault.detail);
    this.#requireLastAnchors();
    this.#requireLastVouchers();
  }

  async close(): Promise<void> {
    await this.#cursor.close();
    await this.#anchors.close();
  }

  report(): EvidenceReport {
    const { anchorPath, witnessedNotes, witnessKeys, stampVerifiers } = this.#options;
    const { witnessed, stamped, stamps } = this.#vouchers;
    const anchorsGiven = anchorPath !== undefined || witnessedNotes !== undefined;
    return {
      present: this.#cursor.present,
      checkpoints: this.#checkpoints,
      covered: this.covered,
      keys: this.#keys.changes,
      anchored: anchorsGiven ? (this.#anchors.confirmed ?? 0) : null,
      witnessed: witnessKeys === undefined ? null : (witnessed ?? 0),
      stamped: stampVerifiers === undefined ? null : (stamped?.size ?? 0),
      stamped_at: stamped?.time ?? null,
      stamps,
    };
  }

  #learn(record: WalkedRecord): void {
    if (!isWhole(record)) return;
    this.#keys.record(record);
    const args = record.args as {
      readonly evidence?: { readonly records?: unknown; readonly last_hash?: unknown } | null;
    } | null;
    const evidence = record.kind === 'session' ? args?.evidence : undefined;
    if (evidence !== undefined) this.#kept = evidence !== null;
    if (evidence === undefined || evidence === null) return;
    this.#evidenceExpected = true;
    if (typeof evidence.records === 'number' && typeof evidence.last_hash === 'string') {
      const { records, last_hash: lastHash } = evidence;
      // The evidence was read ahead, so that what it held then was read not long ago.
      this.#promised = { records, lastHash, found: this.#cursor.hashAfter(records) };
    }
  }

  #compare(checkpoint: FiledCheckpoint, offset: number, tree: BatchedTree): void {
    this.#checkpoints += 1;
    // It speaks for records that were held to it when they were walked.
    if (checkpoint.size <= this.#start) {
      this.#lastBefore = checkpoint;
      return;
    }
    if (checkpoint.size !== tree.size || checkpoint.root !== tree.root()) {
      this.#fail('root_mismatch', offset, `the checkpoint of ${tree.size} records has another root`);
    } else if (this.fault === null) {
      this.#coveredBefore = this.covered;
      this.covered = checkpoint.size;
      this.#last = checkpoint;
    }
  }

  #finishEvidence(): void {
    const { path, walk, bad, present, checkpoints } = this.#cursor;
    if (this.#evidenceExpected && !present) {
      return this.#failAtEnd(
        'evidence_missing',
        'the session header says there is evidence, and there is none',
      );
    }
    const chainBad = walk.chain.firstBad;
    if (chainBad !== null)
      return this.#failAt(
        { ...chainBad, code: 'evidence_corrupt', path },
        `the evidence breaks: ${chainBad.code}`,
      );
    if (bad !== null)
      return this.#failAt(
        { ...bad, code: 'bad_checkpoint', path },
        'expected a signed checkpoint that commits to the evidence before it',
      );
    const beyond = checkpoints.at(-1);
    if (beyond !== undefined && beyond.size > this.#size && !this.#segmentAlone) {
      return this.#failAtEnd(
        'truncated',
        `a checkpoint speaks for ${beyond.size} records; the log has ${this.#size}`,
      );
    }
    // With the header in a segment that was archived, evidence that is there is evidence that was kept.
    const kept = this.#kept !== null || this.#checkpoints > 0;
    if (kept && this.covered < this.#owed && !this.#segmentAlone) {
      this.#failAtEnd(
        'evidence_truncated',
        `a session ended in order after ${this.#owed} records; the evidence covers ${this.covered}`,
      );
    }
  }

  #finishAnchors(): void {
    const { confirmed, onlyOfOthers, disordered, ends } = this.#anchors;
    const beyond = Math.max(ends.file, ends.witness);
    if (beyond > this.#size && !this.#segmentAlone) {
      return this.#failAtEnd(
        'truncated',
        `an anchor speaks for ${beyond} records; the log has ${this.#size}`,
      );
    }
    if (disordered)
      return this.#failAtEnd(
        'anchor_mismatch',
        'more lines of the anchor are out of order than can be compared',
      );
    const { anchorPath, witnessedNotes } = this.#options;
    const given = anchorPath !== undefined || witnessedNotes !== undefined;
    if (given && confirmed === null && (this.#checkpoints > 0 || onlyOfOthers)) {
      this.#failAtEnd('anchor_missing', 'no line of the anchor speaks for this log');
    }
  }

  /**
   * An anchor gets each checkpoint right after the evidence did, so that it lacks the last one at most while
   * a session goes on, and none after it ended in order. A witness holds whatever it cosigned.
   */
  #requireLastAnchors(): void {
    if (this.#segmentAlone) return;
    const { anchorPath, witnessedNotes } = this.#options;
    const { file, witness } = this.#anchors.ends;
    const owed = this.#endedInOrder ? this.covered : this.#coveredBefore;
    if (anchorPath !== undefined && this.#checkpoints > 0 && file < owed)
      this.#failAtEnd('anchor_truncated', `the anchor ends at ${file} of ${this.covered} covered records`);
    const { witnessed } = this.#vouchers;
    if (witnessedNotes !== undefined && witness < (witnessed ?? 0)) {
      const detail = `a witness that cosigned ${witnessed} records says it saw ${witness}`;
      this.#failAtEnd('anchor_truncated', detail);
    }
  }

  #judgeLast(): void {
    const last = this.#last ?? this.#lastBefore;
    if (this.fault !== null) return;
    if (last === null) return this.#judgeUnsigned();
    const { path } = this.#cursor;
    const place = { offset: last.offset, seq: last.size - 1, path };
    if (last.origin !== originLine(this.#originId ?? '')) {
      return this.#failAt(
        { ...place, code: 'bad_checkpoint' },
        `expected a checkpoint of ${originLine(this.#originId ?? '')}`,
      );
    }
    const verdict = this.#keys.judge(last.note, last.origin);
    if (verdict !== 'good')
      this.#failAt({ ...place, code: verdict }, `the last checkpoint's signature does not count: ${verdict}`);
  }

  /** An auditor who has a key is not content with a ledger that no key has signed. */
  #judgeUnsigned(): void {
    if (this.#segmentAlone || this.#keys.namesWhatCounts) return;
    this.#failAtEnd('untrusted_key', 'no checkpoint is signed, and no session names a key that counts');
  }

  /** The evidence must still hold what it held when the last session began. */
  async #checkPromise(): Promise<void> {
    const promised = this.#promised;
    if (promised === null || promised.records === 0 || this.fault !== null) return;
    const found = promised.found ?? (await this.#hashAfter(promised.records));
    if (found !== promised.lastHash)
      this.#failAtEnd(
        'evidence_truncated',
        `the evidence had ${promised.records} lines when the last session began`,
      );
  }

  /** The hash of the last of so many lines of evidence, or null when there are fewer. */
  async #hashAfter(records: number): Promise<string | null> {
    let found: string | null = null;
    const walk = new LogWalk(null, (record) => {
      if (record.seq === records) found = record.prev_hash;
    });
    await walkFile(this.#cursor.path, 0, walk);
    return walk.chain.position.nextSeq === records ? walk.chain.position.prevHash : found;
  }

  /**
   * Nothing commits to the lines after the last checkpoint. Of a ledger that was closed in order, an auditor who
   * can check what others vouch for expects that they vouched for its last checkpoint, or an outage to explain.
   */
  #requireLastVouchers(): void {
    if (!this.#endedInOrder || this.#segmentAlone) return;
    const { witnessKeys, stampVerifiers } = this.#options;
    const witnessed = this.#vouchers.witnessed ?? 0;
    if (witnessKeys !== undefined && witnessed < this.covered)
      this.#failAtEnd('unwitnessed', `witnesses cosigned ${witnessed} of ${this.covered} covered records`);
    const stamped = this.#vouchers.stamped?.size ?? 0;
    if (stampVerifiers !== undefined && stamped < this.covered)
      this.#failAtEnd('unstamped', `stamps speak for ${stamped} of ${this.covered} covered records`);
  }

  /** To be called once, before the log is read. */
  async loadAnchors(): Promise<void> {
    const { anchorPath, witnessedNotes } = this.#options;
    if (anchorPath !== undefined) {
      if (!existsSync(anchorPath))
        this.#failAt(
          { offset: 0, seq: 0, code: 'anchor_missing', path: anchorPath },
          'the anchor is not there',
        );
      else await this.#anchors.load(anchorPath);
    }
    const notes = typeof witnessedNotes === 'function' ? await witnessedNotes() : witnessedNotes;
    for (const note of notes ?? []) {
      const parsed = parseCheckpoint(note);
      if (parsed !== null) this.#anchors.addWitnessed(parsed.checkpoint);
    }
  }

  #fail(code: EvidenceFault, offset: number, detail: string): void {
    this.#failAt({ offset, seq: this.#size - 1, code, path: this.#logPath }, detail);
  }

  #failAtEnd(code: EvidenceFault, detail: string): void {
    this.#failAt({ offset: this.#logEnd, seq: this.#size, code, path: this.#logPath }, detail);
  }

  #failAt(place: FirstBad, detail: string): void {
    this.fault ??= { place, detail };
  }
}
