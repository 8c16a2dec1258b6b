import type { DiffRow, FactBackend } from './backend.ts';
import { PAGE_SCAN_MAX, ROWS_PER_READ_MAX } from './bounds.ts';
import { type Classifier, classifierOf } from './classification.ts';
import { questionDigest } from './cursor.ts';
import { queryInvalid } from './errors.ts';
import type { StoredFact } from './model.ts';
import { checkInstant, encodeNext, pageLimit, rowFilter, startPage, visibleAt } from './paging.ts';
import type { AsOf, DiffPage, DiffQuery, FactChange } from './store.ts';

/** Rows of one key that are visible at exactly one of two points: at most one on each side. */
interface Group {
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
  const result: DiffPage = { changes: [], withheld: 0, next: null };
  let afterFactId = state.afterFactId;
  let rowsMax = 2 * limit + 2;
  for (let scanned = 0; scanned < PAGE_SCAN_MAX; ) {
    const rows = await backend.diff({ ...scan, afterFactId, rowsMax });
    const groups = groupByKey(rows);
    const isLast = rows.length < rowsMax;
    // The last group may go on after this read: leave it to the next one.
    const whole = isLast ? groups : groups.slice(0, -1);
    for (const group of whole) {
      if (result.changes.length === limit) return { ...result, next: encodeNext(digest, state, afterFactId) };
      afterFactId = group.lastFactId;
      addChange(result, group, classify, query.allowRestricted === true);
    }
    if (isLast) return result;
    scanned += rows.length;
    // Where most versions say the same at both points, ever more are read at once.
    rowsMax = Math.max(rowsMax, Math.min(2 * rowsMax, ROWS_PER_READ_MAX));
  }
  return { ...result, next: encodeNext(digest, state, afterFactId) };
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
    const group = last !== undefined && rowKey === key ? last : { before: null, after: null, lastFactId: '' };
    if (group !== last) groups.push(group);
    key = rowKey;
    group[side] = fact;
    group.lastFactId = fact.factId;
  }
  return groups;
}

function addChange(result: DiffPage, group: Group, classify: Classifier, allowRestricted: boolean): void {
  const { before, after } = group;
  // A version that was split says the same in another row.
  if (before?.contentHash === after?.contentHash) return;
  const some = after ?? before;
  if (some === null) return;
  const classification = classify(some.subject, some.predicate);
  if (classification === 'restricted' && !allowRestricted) {
    result.withheld += 1;
    return;
  }
  const change: FactChange['change'] = before === null ? 'added' : after === null ? 'removed' : 'changed';
  result.changes.push({
    change,
    before: before && { ...before, classification },
    after: after && { ...after, classification },
  });
}
