import type { Tier } from '@praxis/core';
import type { Classification } from './classify.ts';
import type { ClassificationReason, ClassifiedNode } from './verdict.ts';

/** One line of the tree of a classification, top down: what a terminal indents and colours. */
export interface ClassifiedLine {
  /** 0 for the whole text. */
  readonly depth: number;
  readonly kind: string;
  readonly text: string;
  readonly tier: Tier;
  readonly denied: boolean;
  /** The reasons that give this node its tier; those of its parts stand on their own lines. */
  readonly reasons: readonly ClassificationReason[];
}

/** Most lines a tree is printed with. */
export const TREE_LINES_MAX = 500;

/** Flattens the tree of a classification for display: at most `TREE_LINES_MAX` lines. */
export function classifyTree(classification: Classification): ClassifiedLine[] {
  const lines: ClassifiedLine[] = [];
  flatten(classification.tree, 0, lines);
  return lines;
}

function flatten(node: ClassifiedNode, depth: number, into: ClassifiedLine[]): void {
  if (into.length >= TREE_LINES_MAX) return;
  const { kind, text, tier, denied } = node;
  const deciding = node.reasons.filter((reason) => reason.tier === tier);
  into.push({ depth, kind, text, tier, denied, reasons: deciding });
  for (const child of node.children) flatten(child, depth + 1, into);
}
