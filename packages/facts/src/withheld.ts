import type { ClassificationRule, FactBackend, Horizon, RowFilter, Visibility } from './backend.ts';
import { PAGE_SCAN_MAX, ROWS_PER_READ_MAX } from './bounds.ts';
import { classifierOf } from './classification.ts';
import type { StoredFact } from './model.ts';
import type { FactFilter } from './store.ts';

// INVARIANT: how many facts were withheld depends on whose they are, on their predicates, types and instants; never on
// what they say. Value keys and targets are what a fact says: `member_of` with the target `group:admins` says it all.

/** Whether a filter asks for what facts say, so that what is withheld has to be counted without it. */
export function asksWhatIsSaid({ valueKey, target, edge }: FactFilter): boolean {
  return valueKey !== undefined || target !== undefined || edge !== undefined;
}

/** A filter without what it asks about what facts say. */
export function countedWithin(filter: RowFilter): RowFilter {
  return { ...filter, valueKey: undefined, target: undefined, edge: undefined, terms: undefined };
}

/** How many visible facts are restricted, whatever they say; at most `PAGE_SCAN_MAX` are looked at. */
export async function countVisible(
  backend: FactBackend,
  filter: RowFilter,
  visible: Visibility,
  rules: readonly ClassificationRule[],
): Promise<number> {
  const restricted = rules.filter((rule) => rule.classification === 'restricted');
  const within = countedWithin(filter);
  let count = 0;
  let scanned = 0;
  for (const kind of kindsOf(restricted, filter.kind)) {
    const found = await countRestricted(restricted, PAGE_SCAN_MAX - scanned, (afterFactId, rowsMax) =>
      backend.scan({ filter: { ...within, kind }, visible, afterFactId, rowsMax }),
    );
    count += found.restricted;
    scanned += found.scanned;
  }
  return count;
}

/** How many versions up to a horizon are restricted, whatever they say; at most `PAGE_SCAN_MAX` are looked at. */
export async function countVersions(
  backend: FactBackend,
  filter: RowFilter,
  horizon: Horizon,
  rules: readonly ClassificationRule[],
): Promise<number> {
  const within = countedWithin(filter);
  const { restricted } = await countRestricted(rules, PAGE_SCAN_MAX, (afterFactId, rowsMax) =>
    backend.history({ filter: within, horizon, afterFactId, rowsMax }),
  );
  return restricted;
}

async function countRestricted(
  rules: readonly ClassificationRule[],
  scannedMax: number,
  read: (afterFactId: string | null, rowsMax: number) => Promise<readonly StoredFact[]>,
): Promise<{ restricted: number; scanned: number }> {
  const classify = classifierOf(rules);
  let restricted = 0;
  let scanned = 0;
  let afterFactId: string | null = null;
  while (scanned < scannedMax) {
    const rowsMax = Math.min(ROWS_PER_READ_MAX, scannedMax - scanned);
    const rows = await read(afterFactId, rowsMax);
    restricted += rows.filter((row) => classify(row.subject, row.predicate) === 'restricted').length;
    scanned += rows.length;
    if (rows.length < rowsMax) break;
    afterFactId = rows.at(-1)?.factId ?? null;
  }
  return { restricted, scanned };
}

/** The kinds that rules speak of; undefined stands for all of them. */
function kindsOf(rules: readonly ClassificationRule[], asked: string | undefined): (string | undefined)[] {
  if (rules.length === 0) return [];
  const kinds = new Set(rules.map(({ subject }) => /^([^*:]+):/u.exec(subject)?.[1]));
  if (kinds.has(undefined)) return [asked];
  return asked === undefined ? [...kinds] : kinds.has(asked) ? [asked] : [];
}
