import type { Clock } from '@praxis/core';

import type { FactBackend, NowOrLater, PointAnswer } from './backend.ts';
import { TRANSACTION_OPERATIONS_MAX } from './bounds.ts';
import { checkClassify } from './check-classify.ts';
import { classifierOf } from './classification.ts';
import { diffPage } from './diff.ts';
import { FactError, factInvalid } from './errors.ts';
import type { Fact } from './model.ts';
import { checkInstants, historyPage, queryPage, stream } from './query-page.ts';
import type { EndResult, FactPoint, FactStore, PutFact, PutResult } from './store.ts';
import { sealStore, verifyStore } from './seal.ts';
import { shortestPath, traverse } from './traverse.ts';
import { checkEnd, checkPut } from './validate.ts';
import { embedFacts, nearestFacts } from './vectors.ts';

/** The store over a backend: checking, paging, classification. */
export function createFactStore(backend: FactBackend, clock: Clock): FactStore {
  return {
    // One promise above the backend's: a put alone waits for little else than the disk.
    put: async (fact) => putResult(onlyOutcome(await backend.write([checkPut(fact)]))),
    putMany: (facts) => putMany(backend, facts),
    end: async (end): Promise<EndResult> => {
      const outcome = onlyOutcome(await backend.write([checkEnd(end)]));
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
    backup: (path) => backend.backup?.(path) ?? backupUnsupported(),
    close: () => backend.close(),
  };
}

async function backupUnsupported(): Promise<void> {
  throw new FactError('FACT_UNSUPPORTED', 'this store is backed up with the tools of its database');
}

type Outcome = Awaited<ReturnType<FactBackend['write']>>[number];

function onlyOutcome([outcome]: readonly Outcome[]): Outcome {
  if (outcome === undefined) throw factInvalid('fact', 'was not answered');
  return outcome;
}

// What the backend says of a put is the answer: in bulk, a copy of each would be work for nothing.
function putResult(outcome: Outcome): PutResult {
  if (isPutResult(outcome)) return outcome;
  throw factInvalid('fact', 'was not answered as a put');
}

function isPutResult(outcome: Outcome): outcome is Outcome & PutResult {
  return outcome.factId !== null && outcome.contentHash !== null;
}

async function putMany(backend: FactBackend, facts: readonly PutFact[]): Promise<PutResult[]> {
  if (facts.length === 0) return [];
  if (facts.length > TRANSACTION_OPERATIONS_MAX) {
    throw factInvalid('facts', `are more than ${TRANSACTION_OPERATIONS_MAX} in one transaction`);
  }
  const early = backend.writeMany?.(facts, checkPut) ?? null;
  const outcomes = await (early ?? backend.write(facts.map(checkPut)));
  return outcomes.map(putResult);
}

function get(backend: FactBackend, point: FactPoint): NowOrLater<Fact | null> {
  const { subject, predicate, factType = 'observed', valueKey = '' } = point;
  checkInstants(point);
  const key = { subject, predicate, factType, valueKey };
  const found = backend.point(key, { validAt: point.validAt, recordedAt: point.recordedAt });
  return found instanceof Promise ? found.then((late) => classified(late, point)) : classified(found, point);
}

function classified(found: PointAnswer | null, point: FactPoint): Fact | null {
  if (found === null) return null;
  const { fact, rules } = found;
  const classification = classifierOf(rules)(fact.subject, fact.predicate);
  return classification === 'restricted' && point.allowRestricted !== true
    ? null
    : { ...fact, classification };
}
