import { type Tier, TIERS } from '@praxis/core';
import type { Span } from './ast.ts';

/** Why a command has its tier. `code` is stable; `entry` names the table entry that decided. */
export interface ClassificationReason {
  code: string;
  detail: string;
  tier: Tier;
  span?: { start: number; end: number };
  entry?: string;
}

/** One node of the tree that `praxis classify` prints: a command, a compound or a nested script. */
export interface ClassifiedNode {
  readonly kind: string;
  readonly text: string;
  readonly tier: Tier;
  readonly denied: boolean;
  readonly reasons: readonly ClassificationReason[];
  readonly children: readonly ClassifiedNode[];
}

/** Longest text of one tree node, in UTF-16 units; a longer one is cut. */
export const NODE_TEXT_MAX = 512;

/** Gathers what is found out about one command. The rank only ever rises. */
export class Verdict {
  rank = 0;
  denied = false;
  readonly reasons: ClassificationReason[] = [];
  readonly children: ClassifiedNode[] = [];

  /** At least this tier, for this reason. */
  raise(rank: number, code: string, detail: string, span?: Span, entry?: string): void {
    if (rank > this.rank) this.rank = rank;
    this.reasons.push(reasonOf(rank, code, detail, span, entry));
  }

  /** On the deny list: `T3`, and no mode or approval lifts it. */
  deny(code: string, detail: string, span?: Span, entry?: string): void {
    this.denied = true;
    this.raise(3, code, detail, span, entry);
  }

  /** Takes over the judgement of a part. */
  absorb(part: Verdict): void {
    if (part.rank > this.rank) this.rank = part.rank;
    this.denied ||= part.denied;
    this.reasons.push(...part.reasons);
    this.children.push(...part.children);
  }

  /** Takes over the judgement of a part that is a node of its own. */
  attach(kind: string, text: string, part: Verdict): void {
    if (part.rank > this.rank) this.rank = part.rank;
    this.denied ||= part.denied;
    this.children.push(part.toNode(kind, text));
  }

  toNode(kind: string, text: string): ClassifiedNode {
    return {
      kind,
      text: text.length > NODE_TEXT_MAX ? `${text.slice(0, NODE_TEXT_MAX)}…` : text,
      tier: tierOf(this.rank),
      denied: this.denied,
      reasons: this.reasons,
      children: this.children,
    };
  }
}

export function tierOf(rank: number): Tier {
  return TIERS[rank] ?? 'T3';
}

function reasonOf(
  rank: number,
  code: string,
  detail: string,
  span: Span | undefined,
  entry: string | undefined,
): ClassificationReason {
  const reason: ClassificationReason = { code, detail, tier: tierOf(rank) };
  if (span !== undefined) reason.span = { start: span.start, end: span.end };
  if (entry !== undefined) reason.entry = entry;
  return reason;
}
