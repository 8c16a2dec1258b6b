import type { Fact, FactChange, FactPage } from '@praxis/facts';
import { visible } from '../visible.ts';
import { instantText } from './facts-options.ts';

/** The longest value printed in one line, in characters. */
const VALUE_WIDTH = 160;

/** One fact for a person: what, about when, since when, by whom. */
export function factLines(fact: Fact): string {
  const key = fact.valueKey === '' || fact.valueKey === fact.target ? '' : `[${fact.valueKey}]`;
  const what =
    fact.target === null
      ? `${fact.predicate}${key} = ${short(fact.value)}`
      : `${fact.predicate}${key} -> ${fact.target}`;
  const superseded =
    fact.supersededAt === null
      ? ''
      : `, until ${instantText(fact.supersededAt, '')} by ${fact.supersededActor ?? ''}: ${fact.supersededReason ?? ''}`;
  // What machines said, and why, must neither repaint a terminal nor pass for lines of ours.
  return [
    `${fact.subject}  ${what}  (${fact.factType})`,
    `    true from ${instantText(fact.validFrom, '')} to ${instantText(fact.validTo, 'further notice')}`,
    `    believed since ${instantText(fact.recordedAt, '')} by ${fact.actor}: ${fact.reason}${superseded}`,
  ]
    .map(visible)
    .join('\n');
}

/** Prints a page of facts for a person, one line each. */
export function printPage(page: FactPage): void {
  for (const fact of page.facts) console.log(factLines(fact));
  printRest(page.facts.length === 0, page);
}

/** What changed, as in a patch: minus what was, plus what is. */
export function changeLines(change: FactChange): string {
  const some = change.after ?? change.before;
  const key = some === null || ['', some.target].includes(some.valueKey) ? '' : `[${some.valueKey}]`;
  const lines = [
    `${change.change}  ${some?.subject ?? ''}  ${some?.predicate ?? ''}${key}  (${some?.factType ?? ''})`,
  ];
  if (change.before !== null) lines.push(`  - ${short(change.before.target ?? change.before.value)}`);
  if (change.after !== null) lines.push(`  + ${short(change.after.target ?? change.after.value)}`);
  return lines.map(visible).join('\n');
}

/** Says that there is nothing, more, or something the reader may not see. */
export function printRest(isEmpty: boolean, page: { withheld: number; next?: string | null }): void {
  if (isEmpty) console.log('nothing');
  if (page.withheld > 0) console.log(`${page.withheld} withheld: restricted`);
  if (page.next) console.log(`more with --cursor ${page.next}`);
}

function short(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= VALUE_WIDTH ? text : `${text.slice(0, VALUE_WIDTH)}… (${text.length} characters)`;
}
