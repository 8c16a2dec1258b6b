import type { Clock, Instant } from '@praxis/core';

import type { ClassificationRule, FactBackend, NowOrLater, RowFilter, Visibility } from './backend.ts';
import { PAGE_SCAN_MAX, TRANSACTION_OPERATIONS_MAX } from './bounds.ts';
import { checkClassify } from './check-classify.ts';
import { classifierOf } from './classification.ts';
import { compileConditions } from './conditions.ts';
import { questionDigest } from './cursor.ts';
import { diffPage } from './diff.ts';
import { FactError, factInvalid, queryInvalid } from './errors.ts';
import type { Fact, StoredFact } from './model.ts';
import { encodeNext, pageLimit, type PageState, rowFilter, startPage } from './paging.ts';
import type {
  EndResult,
  FactPage,
  FactPoint,
  FactQuery,
  FactStore,
  HistoryQuery,
  PageOptions,
  PutFact,
  PutResult,
} from './store.ts';
import { sealStore, verifyStore } from './seal.ts';
import { shortestPath, traverse } from './traverse.ts';
import { checkEnd, checkPut, type Write } from './validate.ts';
import { embedFacts, nearestFacts } from './vectors.ts';
import { parseTerms } from './words.ts';

/** The store over a backend: checking, paging, classification. */
export function createFactStore(
  backend: FactBackend,
  clock: Clock,
  backup: FactStore['backup'] = backupUnsupported,
): FactStore {
  return {
    put: async (fact) => putResult(await writeOne(backend, checkPut(fact))),
    putMany: (facts) => putMany(backend, facts),
    end: async (end): Promise<EndResult> => {
      const outcome = await writeOne(backend, checkEnd(end));
      return { recordedAt: outcome.recordedAt, contentHash: null, changed: outcome.changed };
    },
    get: async (point) => get(backend, point),
    query: (query) => queryPage(backend, query),
    history: (query) => historyPage(backend, query),
    diff: (query) => diffPage(backend, query),
    stream: (query) => stream(backend, query),
    traverse: (query) => traverse(backend, query),
    shortestPath: (query) => shortestPath(backend, query),
    embed: (model, facts) => embedFacts(backend, model, facts),
    nearest: (query) => nearestFacts(backend, query),
    classify: async (rule) => backend.addClassificationRule(checkClassify(rule)),
    seal: () => sealStore(backend, clock),
    verify: (options) => verifyStore(backend, options),
    backup,
    close: () => backend.close(),
  };
}

async function backupUnsupported(): Promise<void> {
  throw new FactError('FACT_UNSUPPORTED', 'this store is backed up with the tools of its database');
}

type Outcome = Awaited<ReturnType<FactBackend['write']>>[number];

async function writeOne(backend: FactBackend, write: Write): Promise<Outcome> {
  const [outcome] = await backend.write([write]);
  if (outcome === undefined) throw factInvalid('fact', 'was not answered');
  return outcome;
}

function putResult(outcome: Outcome): PutResult {
  const { recordedAt, changed, factId, contentHash } = outcome;
  if (factId === null || contentHash === null) throw factInvalid('fact', 'was not answered as a put');
  return { recordedAt, contentHash, changed, factId };
}

async function putMany(backend: FactBackend, facts: readonly PutFact[]): Promise<PutResult[]> {
  if (facts.length === 0) return [];
  if (facts.length > TRANSACTION_OPERATIONS_MAX) {
    throw factInvalid('facts', `are more than ${TRANSACTION_OPERATIONS_MAX} in one transaction`);
  }
  const outcomes = await backend.write(facts.map(checkPut));
  return outcomes.map(putResult);
}

function get(backend: FactBackend, point: FactPoint): NowOrLater<Fact | null> {
  const { subject, predicate, factType = 'observed', valueKey = '' } = point;
  checkInstants(point);
  const key = { subject, predicate, factType, valueKey };
  const found = backend.point(key, { validAt: point.validAt, recordedAt: point.recordedAt });
  const rules = backend.classificationRules();
  if (found instanceof Promise || rules instanceof Promise) {
    return Promise.all([found, rules]).then(([fact, inForce]) => classified(fact, inForce, point));
  }
  return classified(found, rules, point);
}

function classified(
  found: StoredFact | null,
  rules: readonly ClassificationRule[],
  point: FactPoint,
): Fact | null {
  if (found === null) return null;
  const classification = classifierOf(rules)(found.subject, found.predicate);
  return classification === 'restricted' && point.allowRestricted !== true
    ? null
    : { ...found, classification };
}

async function queryPage(backend: FactBackend, query: FactQuery): Promise<FactPage> {
  checkInstants(query);
  const conditions = compileConditions(query.where ?? []);
  const filter: RowFilter = {
    ...rowFilter(query),
    validFromSince: query.becameValidSince,
    observedSince: query.observedSince,
    observedBefore: query.observedBefore,
    terms: query.text === undefined ? undefined : parseTerms(query.text),
  };
  return page(backend, 'query', query, {
    read: (state, rowsMax) =>
      backend.scan({ filter, visible: visibilityOf(query, state), afterFactId: state.afterFactId, rowsMax }),
    accepts: (fact) => conditions(fact.value),
  });
}

async function* stream(backend: FactBackend, query: FactQuery): AsyncGenerator<Fact> {
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

async function historyPage(backend: FactBackend, query: HistoryQuery): Promise<FactPage> {
  if (typeof query.subject !== 'string') throw queryInvalid('subject', 'is missing');
  const filter = rowFilter(query);
  return page(backend, 'history', query, {
    read: (state, rowsMax) =>
      backend.history({ filter, horizon: state, afterFactId: state.afterFactId, rowsMax }),
    accepts: () => true,
  });
}

function visibilityOf(query: FactQuery, state: PageState): Visibility {
  const validFrom = query.validDuring?.from ?? query.validAt ?? state.now;
  return {
    validFrom,
    validTo: query.validDuring?.to ?? validFrom + 1,
    recordedAt: query.recordedAt ?? state.recordedAt,
    snapshot: state.snapshot,
  };
}

function checkInstants(query: Partial<FactQuery>): void {
  const during = query.validDuring;
  if (during !== undefined && query.validAt !== undefined)
    throw queryInvalid('validDuring', 'excludes validAt');
  checkInstant('validAt', query.validAt);
  checkInstant('recordedAt', query.recordedAt);
  checkInstant('becameValidSince', query.becameValidSince);
  checkInstant('observedSince', query.observedSince);
  checkInstant('observedBefore', query.observedBefore);
  checkInstant('validDuring', during?.from);
  checkInstant('validDuring', during?.to);
  if (during !== undefined && during.from >= during.to) throw queryInvalid('validDuring', 'is empty');
}

function checkInstant(field: string, instant: Instant | undefined): void {
  if (instant !== undefined && !Number.isSafeInteger(instant)) throw queryInvalid(field, 'is not an instant');
}

interface PageSource {
  read(state: PageState, rowsMax: number): Promise<readonly StoredFact[]>;
  accepts(fact: StoredFact): boolean;
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
  const classify = classifierOf(await backend.classificationRules());
  const facts: Fact[] = [];
  let withheld = 0;
  let afterFactId = state.afterFactId;
  for (let scanned = 0; scanned < PAGE_SCAN_MAX; ) {
    const rowsMax = Math.min(limit - facts.length + 1, PAGE_SCAN_MAX - scanned);
    const rows = await source.read({ ...state, afterFactId }, rowsMax);
    for (const row of rows) {
      if (facts.length === limit) return { facts, withheld, next: encodeNext(digest, state, afterFactId) };
      afterFactId = row.factId;
      if (!source.accepts(row)) continue;
      const classification = classify(row.subject, row.predicate);
      if (classification === 'restricted' && question.allowRestricted !== true) withheld += 1;
      else facts.push({ ...row, classification });
    }
    if (rows.length < rowsMax) return { facts, withheld, next: null };
    scanned += rows.length;
  }
  return { facts, withheld, next: encodeNext(digest, state, afterFactId) };
}
