import type { Instant } from '@praxis/core';

import type { ClassificationRule, FactBackend, RowFilter, Visibility } from './backend.ts';
import { PAGE_SCAN_MAX, ROWS_PER_READ_MAX } from './bounds.ts';
import { classifierOf } from './classification.ts';
import { compileConditions } from './conditions.ts';
import { questionDigest } from './cursor.ts';
import { queryInvalid } from './errors.ts';
import type { Fact, StoredFact } from './model.ts';
import {
  checkInstant,
  encodeNext,
  pageLimit,
  type PageState,
  rowFilter,
  startPage,
  visibleAt,
} from './paging.ts';
import type { FactPage, FactQuery, HistoryQuery, PageOptions } from './store.ts';
import { asksWhatIsSaid, countVersions, countVisible } from './withheld.ts';
import { parseTerms } from './words.ts';

/** One page of the facts of a question. Throws `FACT_QUERY_INVALID`, `FACT_CURSOR_INVALID`. */
export async function queryPage(backend: FactBackend, query: FactQuery): Promise<FactPage> {
  checkInstants(query);
  const conditions = compileConditions(query.where ?? []);
  const terms = query.text === undefined ? undefined : parseTerms(query.text);
  const filterAt = (state: PageState): RowFilter => ({
    ...rowFilter(query),
    validFromSince: query.becameValidSince,
    observedSince: query.observedSince,
    observedBefore: observedBefore(query, state),
  });
  return page(backend, 'query', query, {
    read: (state, rowsMax) =>
      backend.scan({
        filter: { ...filterAt(state), terms },
        visible: visibilityOf(query, state),
        afterFactId: state.afterFactId,
        rowsMax,
      }),
    accepts: (fact) => conditions(fact.value),
    withheldApart:
      terms === undefined && !asksWhatIsSaid(query)
        ? null
        : (state, rules) => countVisible(backend, filterAt(state), visibilityOf(query, state), rules),
  });
}

/** All facts of a question, page by page, as of the instants of the first. */
export async function* stream(backend: FactBackend, query: FactQuery): AsyncGenerator<Fact> {
  let cursor: string | null = null;
  do {
    const { facts, next }: FactPage = await queryPage(
      backend,
      cursor === null ? query : { ...query, cursor },
    );
    yield* facts;
    cursor = next;
  } while (cursor !== null);
}

/** One page of all versions. Throws `FACT_QUERY_INVALID`, `FACT_CURSOR_INVALID`. */
export async function historyPage(backend: FactBackend, query: HistoryQuery): Promise<FactPage> {
  if (typeof query.subject !== 'string') throw queryInvalid('subject', 'is missing');
  const filter = rowFilter(query);
  return page(backend, 'history', query, {
    read: (state, rowsMax) =>
      backend.history({ filter, horizon: state, afterFactId: state.afterFactId, rowsMax }),
    accepts: () => true,
    withheldApart: asksWhatIsSaid(query)
      ? (state, rules) => countVersions(backend, filter, state, rules)
      : null,
  });
}

/** Throws `FACT_QUERY_INVALID` for instants that are none, or contradict each other. */
export function checkInstants(query: Partial<FactQuery>): void {
  const during = query.validDuring;
  if (during !== undefined && query.validAt !== undefined)
    throw queryInvalid('validDuring', 'cannot be given together with one instant of validity');
  checkInstant('validAt', query.validAt);
  checkInstant('recordedAt', query.recordedAt);
  checkInstant('becameValidSince', query.becameValidSince);
  checkInstant('observedSince', query.observedSince);
  checkInstant('observedBefore', query.observedBefore);
  checkInstant('validDuring', during?.from);
  if (during !== undefined && !(Number.isSafeInteger(during.to) && during.from < during.to))
    throw queryInvalid('validDuring', 'is empty');
  const { notObservedForUs } = query;
  if (notObservedForUs !== undefined && !(Number.isSafeInteger(notObservedForUs) && notObservedForUs >= 0))
    throw queryInvalid('notObservedForUs', 'is not a number of microseconds');
}

function observedBefore(query: FactQuery, state: PageState): Instant | undefined {
  if (query.notObservedForUs === undefined) return query.observedBefore;
  return Math.min(query.observedBefore ?? Number.MAX_SAFE_INTEGER, state.now - query.notObservedForUs);
}

function visibilityOf(query: FactQuery, state: PageState): Visibility {
  const visible = visibleAt(query, state);
  const { validDuring } = query;
  return validDuring === undefined
    ? visible
    : { ...visible, validFrom: validDuring.from, validTo: validDuring.to };
}

interface PageSource {
  read(state: PageState, rowsMax: number): Promise<readonly StoredFact[]>;
  /** Whether a fact the reader may see is one that was asked for. */
  accepts(fact: StoredFact): boolean;
  /** Counts what is withheld where `read` cannot be used for it; null: what it reads is counted. */
  readonly withheldApart:
    | ((state: PageState, rules: readonly ClassificationRule[]) => Promise<number>)
    | null;
}

async function page(
  backend: FactBackend,
  kind: string,
  question: PageOptions,
  source: PageSource,
): Promise<FactPage> {
  const limit = pageLimit(question);
  const digest = questionDigest(kind, question);
  const state = await startPage(backend, digest, question);
  const rules = await backend.classificationRules();
  const classify = classifierOf(rules);
  const withholds = question.allowRestricted !== true;
  const facts: Fact[] = [];
  let withheld = 0;
  if (withholds && source.withheldApart !== null && question.cursor === undefined)
    withheld = await source.withheldApart(state, rules);
  let afterFactId = state.afterFactId;
  let rowsMax = limit + 1;
  for (let scanned = 0; scanned < PAGE_SCAN_MAX; ) {
    rowsMax = Math.min(rowsMax, PAGE_SCAN_MAX - scanned);
    const rows = await source.read({ ...state, afterFactId }, rowsMax);
    for (const row of rows) {
      if (facts.length === limit) return { facts, withheld, next: encodeNext(digest, state, afterFactId) };
      afterFactId = row.factId;
      const classification = classify(row.subject, row.predicate);
      // Before anything looks at the value: a count must not answer a question about what is withheld.
      if (classification === 'restricted' && withholds) withheld += source.withheldApart === null ? 1 : 0;
      else if (source.accepts(row)) facts.push({ ...row, classification });
    }
    if (rows.length < rowsMax) return { facts, withheld, next: null };
    scanned += rows.length;
    rowsMax = Math.max(rowsMax, Math.min(2 * rowsMax, ROWS_PER_READ_MAX));
  }
  return { facts, withheld, next: encodeNext(digest, state, afterFactId) };
}
