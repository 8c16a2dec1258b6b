import type { FactBackend, Visibility } from './backend.ts';
import { type Classifier, classifierOf } from './classification.ts';
import { FactError, queryInvalid } from './errors.ts';
import { type FactType, isFactType, type Fact } from './model.ts';
import { checkInstant, rowFilter, visibleAt } from './paging.ts';
import type { PathQuery, PathResult, Reached, TraverseQuery, TraverseResult } from './store.ts';
import { checkSubject } from './validate.ts';

/** The deepest traversal, in edges. */
export const TRAVERSE_DEPTH_MAX = 64;
/** How deep a traversal goes when nothing is said, in edges. */
export const TRAVERSE_DEPTH_DEFAULT = 8;
/** The most subjects a traversal may reach. */
export const TRAVERSE_SUBJECTS_MAX = 100_000;
/** How many subjects a traversal reaches when nothing is said. */
export const TRAVERSE_SUBJECTS_DEFAULT = 10_000;
/** The most relations a filter may name. */
export const TRAVERSE_RELATIONS_MAX = 64;

/** The most edges looked at in one step, per subject that may be reached. */
const EDGES_PER_SUBJECT_MAX = 64;
const FRONTIER_CHUNK = 500;
const ROWS_PER_READ = 5000;

type Direction = 'out' | 'in';

interface Walk {
  readonly backend: FactBackend;
  readonly visible: Visibility;
  readonly classify: Classifier;
  readonly allowRestricted: boolean;
  readonly directions: readonly Direction[];
  readonly relations: readonly string[] | undefined;
  readonly factType: FactType;
  readonly depthMax: number;
  readonly subjectsMax: number;
  /** Edges not followed because they are restricted, each once, from whichever end it was met. */
  readonly withheld: Set<string>;
  truncated: boolean;
}

/** How a subject was reached first: over which edge, from where. */
interface Arrival {
  readonly depth: number;
  readonly edge: Fact | null;
  readonly from: string | null;
}

/**
 * What can be reached from a subject over edges believed at a point, breadth first: each subject once,
 * with a shortest path. Cycles end where they meet. Throws `FACT_QUERY_INVALID`.
 */
export async function traverse(backend: FactBackend, query: TraverseQuery): Promise<TraverseResult> {
  const walk = await startWalk(backend, query);
  const arrivals = await spread(walk, query.from, null);
  const reached: Reached[] = [];
  for (const [subject, arrival] of arrivals) {
    if (arrival.depth > 0) reached.push({ subject, depth: arrival.depth, path: pathTo(arrivals, subject) });
  }
  return { reached, withheld: walk.withheld.size, truncated: walk.truncated };
}

/** A shortest path between two subjects at a point, or null. Throws `FACT_QUERY_INVALID`. */
export async function shortestPath(backend: FactBackend, query: PathQuery): Promise<PathResult> {
  checkEnd('to', query.to);
  const walk = await startWalk(backend, query);
  const arrivals = await spread(walk, query.from, query.to);
  const path = arrivals.has(query.to) ? pathTo(arrivals, query.to) : null;
  return { path, withheld: walk.withheld.size, truncated: walk.truncated };
}

async function startWalk(backend: FactBackend, query: TraverseQuery): Promise<Walk> {
  checkEnd('from', query.from);
  const { relations, direction = 'out', factType = 'observed' } = query;
  if (relations !== undefined && (!Array.isArray(relations) || relations.length > TRAVERSE_RELATIONS_MAX)) {
    throw queryInvalid('relations', `are more than ${TRAVERSE_RELATIONS_MAX}`);
  }
  for (const relation of relations ?? []) rowFilter({ predicate: relation });
  if (!['out', 'in', 'both'].includes(direction)) throw queryInvalid('direction', 'is not out, in or both');
  if (!isFactType(factType)) throw queryInvalid('factType', 'is not a fact type');
  checkInstant('validAt', query.validAt);
  checkInstant('recordedAt', query.recordedAt);
  const horizon = await backend.horizon();
  return {
    backend,
    visible: visibleAt(query, horizon),
    classify: classifierOf(await backend.classificationRules()),
    allowRestricted: query.allowRestricted === true,
    directions: direction === 'both' ? ['out', 'in'] : [direction],
    relations,
    factType,
    depthMax: bounded('depthMax', query.depthMax ?? TRAVERSE_DEPTH_DEFAULT, TRAVERSE_DEPTH_MAX),
    subjectsMax: bounded(
      'subjectsMax',
      query.subjectsMax ?? TRAVERSE_SUBJECTS_DEFAULT,
      TRAVERSE_SUBJECTS_MAX,
    ),
    withheld: new Set(),
    truncated: false,
  };
}

function checkEnd(field: string, subject: string): void {
  try {
    checkSubject(field, subject);
  } catch (error) {
    if (!(error instanceof FactError)) throw error;
    throw new FactError('FACT_QUERY_INVALID', error.message, { cause: error, fields: { field } });
  }
}

function bounded(field: string, value: number, max: number): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > max)
    throw queryInvalid(field, `is not between 1 and ${max}`);
  return value;
}

async function spread(walk: Walk, from: string, goal: string | null): Promise<Map<string, Arrival>> {
  const arrivals = new Map<string, Arrival>([[from, { depth: 0, edge: null, from: null }]]);
  let frontier = [from];
  for (let depth = 1; frontier.length > 0; depth += 1) {
    if (goal !== null && arrivals.has(goal)) return arrivals;
    if (depth > walk.depthMax) {
      walk.truncated = true;
      return arrivals;
    }
    const next: string[] = [];
    for (const { edge, here, there } of await edgesAt(walk, frontier)) {
      if (arrivals.has(there)) continue;
      if (arrivals.size > walk.subjectsMax) {
        walk.truncated = true;
        return arrivals;
      }
      arrivals.set(there, { depth, edge, from: here });
      next.push(there);
    }
    frontier = next;
  }
  return arrivals;
}

interface Step {
  readonly edge: Fact;
  readonly here: string;
  readonly there: string;
}

async function edgesAt(walk: Walk, frontier: readonly string[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (let start = 0; start < frontier.length; start += FRONTIER_CHUNK) {
    const chunk = frontier.slice(start, start + FRONTIER_CHUNK);
    for (const direction of walk.directions) await readEdges(walk, chunk, direction, steps);
  }
  return steps;
}

async function readEdges(
  walk: Walk,
  chunk: readonly string[],
  direction: Direction,
  steps: Step[],
): Promise<void> {
  const ends = direction === 'out' ? { subjectIn: chunk } : { targetIn: chunk };
  const filter = { edge: true, factType: walk.factType, predicateIn: walk.relations, ...ends };
  let afterFactId: string | null = null;
  for (;;) {
    const rows = await walk.backend.scan({
      filter,
      visible: walk.visible,
      afterFactId,
      rowsMax: ROWS_PER_READ,
    });
    for (const row of rows) {
      const classification = walk.classify(row.subject, row.predicate);
      if (classification === 'restricted' && !walk.allowRestricted) {
        walk.withheld.add(row.factId);
        continue;
      }
      if (row.target === null) continue;
      const [here, there] = direction === 'out' ? [row.subject, row.target] : [row.target, row.subject];
      steps.push({ edge: { ...row, classification }, here, there });
    }
    if (rows.length < ROWS_PER_READ) return;
    if (steps.length > walk.subjectsMax * EDGES_PER_SUBJECT_MAX) {
      walk.truncated = true;
      return;
    }
    afterFactId = rows.at(-1)?.factId ?? null;
  }
}

function pathTo(arrivals: ReadonlyMap<string, Arrival>, subject: string): Fact[] {
  const path: Fact[] = [];
  for (let arrival = arrivals.get(subject); arrival?.edge; arrival = arrivals.get(arrival.from ?? ''))
    path.push(arrival.edge);
  return path.reverse();
}
