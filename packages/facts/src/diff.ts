import type { DiffRow, DiffScan, FactBackend } from './backend.ts';
import { PAGE_SCAN_MAX, ROWS_PER_READ_MAX } from './bounds.ts';
import { type Classifier, classifierOf } from './classification.ts';
import { questionDigest } from './cursor.ts';
import { queryInvalid } from './errors.ts';
import type { FactClassification, FactKey, StoredFact } from './model.ts';
import { checkInstant, encodeNext, pageLimit, rowFilter, startPage, visibleAt } from './paging.ts';
import type { AsOf, DiffPage, DiffQuery, FactChange } from './store.ts';
import { asksWhatIsSaid, countedWithin } from './withheld.ts';

/** Rows of one key that are visible at exactly one of two points: at most one on each side. */
interface Group {
  readonly key: FactKey;
  before: StoredFact | null;
  after: StoredFact | null;
  lastFactId: string;
}

/** One page of the differences between two points. A page holds whole keys. */
export async function diffPage(backend: FactBackend, query: DiffQuery): Promise<DiffPage> {
  const limit = pageLimit(query);
  checkPoint('from', query.from);
  checkPoint('to', query.to);
  const digest = questionDigest('diff', query);
  const state = await startPage(backend, digest, query);
  const classify = classifierOf(await backend.classificationRules());
  const scan = {
    filter: rowFilter(query),
    from: visibleAt(query.from, state),
    to: visibleAt(query.to, state),
  };
  const withholds = query.allowRestricted !== true;
  const countsApart = withholds && asksWhatIsSaid(query);
  const result: DiffPage = { changes: [], withheld: 0, next: null };
  let afterFactId = state.afterFactId;
  for await (const group of keysOf(backend, scan, afterFactId, 2 * limit + 2)) {
    if (group === null || result.changes.length === limit) {
      result.next = encodeNext(digest, state, afterFactId);
      break;
    }
    afterFactId = group.lastFactId;
    if (!isChange(group)) continue;
    const classification = classify(group.key.subject, group.key.predicate);
    if (classification !== 'restricted' || !withholds) result.changes.push(changeOf(group, classification));
    else if (!countsApart) result.withheld += 1;
  }
  if (countsApart && query.cursor === undefined)
    result.withheld = await countChanges(backend, scan, classify);
  return result;
}

/** How many keys that changed are restricted, whatever they say; at most `PAGE_SCAN_MAX` rows are looked at. */
async function countChanges(backend: FactBackend, scan: Span, classify: Classifier): Promise<number> {
  const within = { ...scan, filter: countedWithin(scan.filter) };
  let count = 0;
  for await (const group of keysOf(backend, within, null, ROWS_PER_READ_MAX)) {
    if (group === null || !isChange(group)) continue;
    if (classify(group.key.subject, group.key.predicate) === 'restricted') count += 1;
  }
  return count;
}

/** A version that was split says the same in another row. */
function isChange({ before, after }: Group): boolean {
  return before?.contentHash !== after?.contentHash;
}

type Span = Pick<DiffScan, 'filter' | 'from' | 'to'>;

/** The keys with other rows at the two points, in order; null at the end when `PAGE_SCAN_MAX` rows were read. */
async function* keysOf(
  backend: FactBackend,
  span: Span,
  after: string | null,
  rowsFirst: number,
): AsyncGenerator<Group | null> {
  let afterFactId = after;
  let rowsMax = rowsFirst;
  for (let scanned = 0; scanned < PAGE_SCAN_MAX; ) {
    const rows = await backend.diff({ ...span, afterFactId, rowsMax });
    const groups = groupByKey(rows);
    const isLast = rows.length < rowsMax;
    // The last group may go on after this read: leave it to the next one.
    for (const group of isLast ? groups : groups.slice(0, -1)) {
      afterFactId = group.lastFactId;
      yield group;
    }
    if (isLast) return;
    scanned += rows.length;
    // Where most versions say the same at both points, ever more are read at once.
    rowsMax = Math.max(rowsMax, Math.min(2 * rowsMax, ROWS_PER_READ_MAX));
  }
  yield null;
}

function checkPoint(field: string, point: AsOf): void {
  if (typeof point !== 'object' || point === null) throw queryInvalid(field, 'is missing');
  checkInstant(`${field}.validAt`, point.validAt);
  checkInstant(`${field}.recordedAt`, point.recordedAt);
}

function groupByKey(rows: readonly DiffRow[]): Group[] {
  const groups: Group[] = [];
  let key = '';
  for (const { side, fact } of rows) {
    const rowKey = JSON.stringify([fact.subject, fact.predicate, fact.factType, fact.valueKey]);
    const last = groups.at(-1);
    const isSame = last !== undefined && rowKey === key;
    const group = isSame ? last : { key: fact, before: null, after: null, lastFactId: '' };
    if (group !== last) groups.push(group);
    key = rowKey;
    group[side] = fact;
    group.lastFactId = fact.factId;
  }
  return groups;
}

function changeOf({ before, after }: Group, classification: FactClassification): FactChange {
  return {
    change: before === null ? 'added' : after === null ? 'removed' : 'changed',
    before: before && { ...before, classification },
    after: after && { ...after, classification },
  };
}
