import { styleText } from 'node:util';
import type { Tier } from '@praxis/core';
import type { Classification, ClassifiedNode } from '@praxis/policy';

type Style = Parameters<typeof styleText>[0];

const TIER_STYLE: Readonly<Record<Tier, Style>> = { T0: 'green', T1: 'cyan', T2: 'yellow', T3: 'red' };
/** What each tier means, in two words. */
const TIER_MEANING: Readonly<Record<Tier, string>> = {
  T0: 'only observes',
  T1: 'can be undone',
  T2: 'changes state',
  T3: 'cannot be undone',
};
const TEXT_SHOWN_MAX = 100;

/** The classification as a tree for a person, coloured by tier where the terminal takes colours. */
export function renderClassification(command: string, result: Classification): string {
  const verdict = result.denied
    ? styleText(['red', 'bold'], 'DENIED')
    : styleText(TIER_STYLE[result.tier], result.tier);
  const lines = [
    `${verdict}  ${TIER_MEANING[result.tier]}  ${shown(command)}`,
    ...renderNode(result.tree, ''),
  ];
  return lines.join('\n');
}

function renderNode(node: ClassifiedNode, indent: string): string[] {
  const reasons = node.reasons.map(
    (reason) => `${indent}  ${styleText('dim', `${reason.code}: ${reason.detail}`)}`,
  );
  const children = node.children.flatMap((child) => [
    `${indent}  ${styleText(TIER_STYLE[child.tier], child.tier)} ${child.kind} ${shown(child.text)}`,
    ...renderNode(child, `${indent}  `),
  ]);
  return [...reasons, ...children];
}

function shown(text: string): string {
  const oneLine = text.replace(/\p{Cc}+/gu, ' ');
  return oneLine.length > TEXT_SHOWN_MAX ? `${oneLine.slice(0, TEXT_SHOWN_MAX)}…` : oneLine;
}
