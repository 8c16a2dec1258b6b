import { randomBytes } from 'node:crypto';
import { type Clock, type Instant, sha256Hex, type Tier } from '@praxis/core';
import type { ActionBinding } from '../action.ts';
import { GateError } from '../errors.ts';
import type { GateReason } from '../reasons.ts';

/** How many approvals may wait at once; beyond it the oldest that nobody has granted is dropped. */
export const APPROVALS_PENDING_MAX = 1024;
/** How many of them one session may hold, so that no session can push out another's. */
export const APPROVALS_PER_SESSION_MAX = 128;
/** How long an approval waits when nothing else is configured, in seconds. */
export const APPROVAL_TTL_SECONDS_DEFAULT = 600;
/** Random bytes in a console token. */
const TOKEN_BYTES = 16;

/** What a person sees before deciding: never a bare id. */
export interface ApprovalCard {
  readonly tool: string;
  readonly command: string;
  readonly destination: string;
  readonly adapter: string;
  readonly principal: string;
  readonly sessionId: string;
  readonly preview: string;
  readonly reasons: readonly string[];
}

type ApprovalState = 'pending' | 'granted' | 'denied' | 'used';

interface Entry extends ActionBinding {
  readonly id: string;
  readonly sessionId: string;
  readonly card: ApprovalCard;
  readonly tokenHash: string;
  readonly requestedAt: Instant;
  expiresAtMs: number;
  state: ApprovalState;
  approver: string | null;
}

/** A pending or decided approval as shown to an operator. Holds no token. */
export interface ApprovalView {
  readonly id: string;
  readonly actionId: string;
  readonly target: string;
  readonly tier: Tier;
  readonly state: ApprovalState;
  readonly card: ApprovalCard;
  readonly requestedAt: Instant;
  readonly expiresInSeconds: number;
  readonly approver: string | null;
}

/** A new approval: its id, and its token, which exists here and on the console alone. */
export interface MintedApproval {
  readonly id: string;
  /** Goes to the operator's console and nowhere else; only its hash is kept. */
  readonly token: string;
  readonly ttlSeconds: number;
}

type Consumed = { readonly ok: true; readonly id: string; readonly approver: string };
type NotConsumed = { readonly ok: false; readonly reason: GateReason };

/** Single-use, bound, expiring approvals, in memory only: a restart forgets them all. */
export class ApprovalStore {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(options: { clock: Clock; ttlSeconds: number }) {
    this.#clock = options.clock;
    this.#ttlMs = Math.max(1, options.ttlSeconds) * 1000;
  }

  /** Opens an approval for a previewed action. Previewing again replaces the waiting one of that session. */
  mint(binding: ActionBinding, sessionId: string, card: ApprovalCard): MintedApproval {
    this.#forgetExpired();
    this.#forgetReplaced(binding, sessionId);
    this.#makeRoom(sessionId);
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const id = `ap_${randomBytes(6).toString('hex')}`;
    this.#entries.set(id, {
      ...binding,
      id,
      sessionId,
      card,
      tokenHash: sha256Hex(token),
      requestedAt: this.#clock.now(),
      expiresAtMs: this.#clock.monotonicMs() + this.#ttlMs,
      state: 'pending',
      approver: null,
    });
    return { id, token, ttlSeconds: Math.floor(this.#ttlMs / 1000) };
  }

  /** Uses up the approval that a console token names. Every mismatch has its own reason. */
  consumeToken(token: string, binding: ActionBinding, sessionId: string): Consumed | NotConsumed {
    const hash = sha256Hex(token);
    // Tokens are compared by their hashes, so the time of a comparison says nothing about a token.
    const entry = [...this.#entries.values()].find((candidate) => candidate.tokenHash === hash);
    if (entry === undefined || entry.sessionId !== sessionId)
      return { ok: false, reason: 'approval_unknown' };
    if (entry.state === 'used') return { ok: false, reason: 'approval_used' };
    const mismatch = this.#mismatch(entry, binding);
    if (mismatch !== null) return { ok: false, reason: mismatch };
    return this.#use(entry, 'console-token');
  }

  /** Uses up a grant that an operator gave out of band, or says why there is none (`null`: nobody decided). */
  consumeGrant(
    binding: ActionBinding,
    sessionId: string,
  ): Consumed | { ok: false; reason: GateReason | null } {
    const mine = [...this.#entries.values()].filter(
      (entry) => entry.sessionId === sessionId && entry.digest === binding.digest,
    );
    const decided = mine.findLast((entry) => entry.state === 'granted' || entry.state === 'denied');
    if (decided === undefined) return { ok: false, reason: null };
    const mismatch = this.#mismatch(decided, binding);
    if (mismatch !== null) return { ok: false, reason: mismatch };
    return this.#use(decided, decided.approver ?? 'operator');
  }

  /** All approvals that have not expired, oldest first. */
  list(): ApprovalView[] {
    this.#forgetExpired();
    return [...this.#entries.values()]
      .filter((entry) => !this.#expired(entry))
      .map((entry) => this.#view(entry));
  }

  /** One approval by its id or its action id. Throws `APPROVAL_NOT_FOUND` or `APPROVAL_AMBIGUOUS`. */
  find(idOrActionId: string): ApprovalView {
    return this.#view(this.#find(idOrActionId));
  }

  /**
   * An operator's yes. At T3 `confirm` must repeat the target, else `OPERATOR_CONFIRMATION_NEEDED`.
   * The grant lives for a full time to live from now.
   */
  grant(idOrActionId: string, approver: string, confirm: string | null): ApprovalView {
    const entry = this.#find(idOrActionId);
    if (entry.state !== 'pending' || this.#expired(entry)) throw notFound(idOrActionId);
    if (entry.tier === 'T3' && confirm !== entry.target) {
      throw new GateError(
        'OPERATOR_CONFIRMATION_NEEDED',
        `an irreversible action needs its target typed: --confirm ${entry.target}`,
      );
    }
    entry.state = 'granted';
    entry.approver = approver;
    entry.expiresAtMs = this.#clock.monotonicMs() + this.#ttlMs;
    return this.#view(entry);
  }

  /** An operator's no. It holds until the approval would have expired. */
  deny(idOrActionId: string, approver: string): ApprovalView {
    const entry = this.#find(idOrActionId);
    if (entry.state === 'used' || this.#expired(entry)) throw notFound(idOrActionId);
    entry.state = 'denied';
    entry.approver = approver;
    return this.#view(entry);
  }

  /** Takes a grant back before it was used; what was asked has to be previewed again. Does nothing to any other. */
  withdraw(id: string): void {
    if (this.#entries.get(id)?.state === 'granted') this.#entries.delete(id);
  }

  #find(idOrActionId: string): Entry {
    this.#forgetExpired();
    const byId = this.#entries.get(idOrActionId);
    if (byId !== undefined) return byId;
    const open = [...this.#entries.values()].filter(
      (entry) => entry.actionId === idOrActionId && entry.state !== 'used',
    );
    const [first, second] = open;
    if (first === undefined) throw notFound(idOrActionId);
    if (second !== undefined) {
      throw new GateError(
        'APPROVAL_AMBIGUOUS',
        `several approvals wait for ${idOrActionId}: name one by its id`,
      );
    }
    return first;
  }

  #expired(entry: Entry): boolean {
    return this.#clock.monotonicMs() >= entry.expiresAtMs;
  }

  #mismatch(entry: Entry, binding: ActionBinding): GateReason | null {
    if (this.#expired(entry)) return 'approval_expired';
    if (entry.state === 'denied') return 'approval_denied';
    if (entry.target !== binding.target) return 'approval_other_target';
    if (entry.digest !== binding.digest) return 'approval_other_action';
    if (entry.tier !== binding.tier) return 'approval_other_tier';
    if (entry.rulesetVersion !== binding.rulesetVersion) return 'approval_ruleset_changed';
    return null;
  }

  #use(entry: Entry, approver: string): Consumed {
    entry.state = 'used';
    entry.approver = approver;
    return { ok: true, id: entry.id, approver };
  }

  #view(entry: Entry): ApprovalView {
    const leftMs = Math.max(0, entry.expiresAtMs - this.#clock.monotonicMs());
    const { id, actionId, target, tier, state, card, requestedAt, approver } = entry;
    return {
      id,
      actionId,
      target,
      tier,
      state,
      card,
      requestedAt,
      approver,
      expiresInSeconds: Math.ceil(leftMs / 1000),
    };
  }

  /** Expired ones stay for one more time to live, so that a late token hears "expired", not "unknown". */
  #forgetExpired(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, entry] of this.#entries) {
      if (nowMs >= entry.expiresAtMs + this.#ttlMs) this.#entries.delete(id);
    }
  }

  #forgetReplaced(binding: ActionBinding, sessionId: string): void {
    for (const [id, entry] of this.#entries) {
      const same = entry.sessionId === sessionId && entry.digest === binding.digest;
      if (same && entry.state === 'pending') this.#entries.delete(id);
    }
  }

  #makeRoom(sessionId: string): void {
    const mine = [...this.#entries.values()].filter((entry) => entry.sessionId === sessionId);
    if (mine.length >= APPROVALS_PER_SESSION_MAX) this.#dropOldest(mine);
    if (this.#entries.size >= APPROVALS_PENDING_MAX) this.#dropOldest([...this.#entries.values()]);
  }

  /** What a person has granted goes last: a flood of previews must not take a decision away. */
  #dropOldest(entries: readonly Entry[]): void {
    const dropped = entries.find((entry) => entry.state !== 'granted') ?? entries[0];
    if (dropped !== undefined) this.#entries.delete(dropped.id);
  }
}

function notFound(id: string): GateError {
  return new GateError('APPROVAL_NOT_FOUND', `no approval is waiting under \`${id}\``);
}
