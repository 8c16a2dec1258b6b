import { errorMessage, maxTier, type Tier } from '@praxis/core';
import type { OperatorDenyRule } from './operator-match.ts';

/** The shells a command can be declared for; the front end is chosen by the declaration, never guessed. */
export type FrontEndShell = 'bash' | 'powershell' | 'cmd';

/** Half-open range of UTF-16 offsets into the command text. */
export interface FrontEndSpan {
  readonly start: number;
  readonly end: number;
}

/** Why a front end gave its tier: a stable code, a detail for people, and the text it is about. */
export interface FrontEndReason {
  readonly code: string;
  readonly detail: string;
  readonly span?: FrontEndSpan;
  readonly entry?: string;
}

/** What a nested command came to, in whichever shell it runs. */
export interface NestedResult {
  readonly tier: Tier;
  readonly denied: boolean;
  readonly reasons: readonly FrontEndReason[];
}

/** What the caller lends a front end: the way into other shells, and how deep this command already is. */
export interface FrontEndContext {
  /** Classifies the text of a nested shell; the caller bounds the nesting. */
  classifyNested(command: string, shell: FrontEndShell): NestedResult;
  /** How many shells this command is nested in; 0 at the top. */
  readonly depth: number;
  /** The operator's additions to the deny list. */
  readonly denyRules: readonly OperatorDenyRule[];
}

/**
 * The verdict of a front end for a whole command text. `denied` ranks above T3 and always comes with it.
 * `argv` is null: neither PowerShell nor cmd.exe runs an argument vector, so the exact text is what runs.
 */
export interface FrontEndResult {
  readonly tier: Tier;
  readonly denied: boolean;
  readonly reasons: readonly FrontEndReason[];
  readonly argv: null;
}

/** Nested shells a front end follows before it rounds up to T3. */
export const FRONT_END_DEPTH_MAX = 8;

/** Bound of the text a front end reads, in UTF-16 units; a longer text is T3. */
export const FRONT_END_LENGTH_MAX: number = 16 * 1024;

/** Reasons kept per verdict; the tier is computed from all of them, the list is cut. */
export const FRONT_END_REASONS_MAX = 64;

/**
 * Runs a front end over a text. Never throws: what it stumbles over is T3.
 */
export function runFrontEnd(judge: (findings: Findings) => void): FrontEndResult {
  const findings = new Findings();
  try {
    judge(findings);
  } catch (error) {
    findings.add('T3', 'front-end-fault', errorMessage(error));
  }
  return findings.result();
}

/** True when a text at this depth may be read; otherwise it is T3. */
export function isReadable(text: string, depth: number, findings: Findings): boolean {
  if (text.length > FRONT_END_LENGTH_MAX) {
    findings.add('T3', 'text-too-long', `longer than ${FRONT_END_LENGTH_MAX}`);
    return false;
  }
  if (depth <= FRONT_END_DEPTH_MAX) return true;
  findings.add('T3', 'nested-too-deep', `deeper than ${FRONT_END_DEPTH_MAX}`);
  return false;
}

/** Collects findings; the tier can only rise. */
export class Findings {
  #tier: Tier = 'T0';
  #denied = false;
  readonly #reasons: FrontEndReason[] = [];

  get tier(): Tier {
    return this.#tier;
  }

  get denied(): boolean {
    return this.#denied;
  }

  /** Raises the tier to at least `tier` and keeps the reason. */
  add(tier: Tier, code: string, detail: string, span?: FrontEndSpan): void {
    this.#tier = maxTier(this.#tier, tier);
    this.#keep(
      span === undefined ? { code, detail } : { code, detail, span: { start: span.start, end: span.end } },
    );
  }

  /** Refuses outright: T3 and denied. */
  deny(code: string, detail: string, span?: FrontEndSpan): void {
    this.#denied = true;
    this.add('T3', code, detail, span);
  }

  /** Takes over what a nested command came to. */
  addNested(nested: NestedResult): void {
    this.#tier = maxTier(this.#tier, nested.denied ? 'T3' : nested.tier);
    this.#denied ||= nested.denied;
    for (const reason of nested.reasons) this.#keep(reason);
  }

  result(): FrontEndResult {
    return { tier: this.#tier, denied: this.#denied, reasons: this.#reasons, argv: null };
  }

  #keep(reason: FrontEndReason): void {
    if (this.#reasons.length < FRONT_END_REASONS_MAX) this.#reasons.push(reason);
  }
}
