import type { ClassificationRule, FactBackend, RowFilter, VectorRow, Visibility } from './backend.ts';
import { classifierOf } from './classification.ts';
import { factInvalid, queryInvalid } from './errors.ts';
import type { Fact } from './model.ts';
import { checkInstant, rowFilter, visibleAt } from './paging.ts';
import type { EmbedFact, NearestFact, NearestQuery, NearestResult } from './store.ts';
import { checkText } from './validate.ts';
import { asksWhatIsSaid, countedWithin } from './withheld.ts';

/** The largest vector, in dimensions. */
export const VECTOR_DIMENSIONS_MAX = 8192;
/** The most neighbours of one question. */
export const NEIGHBOURS_MAX = 1000;

const MODEL_LENGTH_MAX = 128;
const ROWS_PER_READ = 2000;
const CONTENT_HASH = /^[0-9a-f]{64}$/;

/** Keeps vectors by content: every version that says the same shares them. Throws `FACT_INVALID`. */
export async function embedFacts(
  backend: FactBackend,
  model: string,
  facts: readonly EmbedFact[],
): Promise<void> {
  checkText('model', model, { min: 1, max: MODEL_LENGTH_MAX });
  for (const { contentHash, vector } of facts) {
    if (!CONTENT_HASH.test(contentHash)) throw factInvalid('contentHash', 'is not a content hash');
    if (!isVector(vector))
      throw factInvalid('vector', `is not 1 to ${VECTOR_DIMENSIONS_MAX} finite numbers, not all zero`);
  }
  await backend.addVectors(
    model,
    facts.map(({ contentHash, vector }) => ({ contentHash, vector: inRange(vector) })),
  );
}

/**
 * The facts visible at a point whose vectors are nearest, by cosine, exactly: every vector is looked
 * at. Restricted facts are counted, never ranked. Vectors of another length are passed over.
 */
export async function nearestFacts(backend: FactBackend, query: NearestQuery): Promise<NearestResult> {
  if (!isVector(query.vector)) throw queryInvalid('vector', 'is not a vector');
  const limit = query.limit ?? 10;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > NEIGHBOURS_MAX) {
    throw queryInvalid('limit', `is not between 1 and ${NEIGHBOURS_MAX}`);
  }
  checkInstant('validAt', query.validAt);
  checkInstant('recordedAt', query.recordedAt);
  checkText('model', query.model, { min: 1, max: MODEL_LENGTH_MAX });
  const horizon = await backend.horizon();
  const visible = visibleAt(query, horizon);
  const rules = await backend.classificationRules();
  const classify = classifierOf(rules);
  const mayRead = (row: VectorRow): boolean =>
    query.allowRestricted === true || classify(row.subject, row.predicate) !== 'restricted';
  const scan = { filter: rowFilter(query), visible, model: query.model };
  const mayReadAll = query.allowRestricted === true || !rules.some(restricts);
  const wanted = { vector: inRange(query.vector), limit, mayRead };
  const quick = mayReadAll ? await rankedByBackend(backend, scan, wanted) : null;
  const ranked = quick === null ? await rank(backend, scan, wanted) : { best: quick, withheld: 0 };
  const { best } = ranked;
  const withheld =
    !mayReadAll && asksWhatIsSaid(query)
      ? await countWithheld(backend, { ...scan, filter: countedWithin(scan.filter) }, wanted)
      : ranked.withheld;
  const byId = await factsById(backend, visible, best);
  const facts: NearestFact[] = [];
  for (const { factId, similarity } of best) {
    const found = byId.get(factId);
    if (found === undefined) continue;
    facts.push({ fact: { ...found, classification: classify(found.subject, found.predicate) }, similarity });
  }
  return { facts, withheld };
}

interface Ranked {
  factId: string;
  similarity: number;
}

interface Wanted {
  vector: Float32Array;
  limit: number;
  readonly mayRead: (row: VectorRow) => boolean;
}

const restricts = (rule: ClassificationRule): boolean => rule.classification === 'restricted';

/** How many more rows than wanted are asked of a database that ranks. */
const SPARE_ROWS = 32;
const ROUNDING_MIN = 1e-4;
/** What a database that adds up numbers of 32 bits can be off by between two vectors, for each dimension. */
const ROUNDING_PER_DIMENSION = 2 ** -22;

/**
 * The best candidates out of those that the database finds nearest, ranked again; null when it cannot rank, or when its
 * rounding may have kept one of them out.
 */
async function rankedByBackend(
  backend: FactBackend,
  scan: { filter: RowFilter; visible: Visibility; model: string },
  { vector, limit }: Wanted,
): Promise<Ranked[] | null> {
  const rowsMax = limit + SPARE_ROWS;
  const rows = await backend.nearest?.({ ...scan, vector, rowsMax });
  if (rows === undefined || rows === null) return null;
  const wantedNorm = norm(vector);
  const ranked = sorted(
    rows.map((row) => ({
      factId: row.factId,
      similarity: dot(row.vector, vector) / (norm(row.vector) * wantedNorm),
    })),
  );
  const rounding = Math.max(ROUNDING_MIN, vector.length * ROUNDING_PER_DIMENSION);
  const [last, worst] = [ranked[limit - 1]?.similarity ?? 1, ranked.at(-1)?.similarity ?? -1];
  return rows.length < rowsMax || last - worst > rounding ? ranked.slice(0, limit) : null;
}

/** The best candidates, best first; equal ones in order of recording. */
async function rank(
  backend: FactBackend,
  scan: { filter: RowFilter; visible: Visibility; model: string },
  wanted: Wanted,
): Promise<{ best: Ranked[]; withheld: number }> {
  const wantedNorm = norm(wanted.vector);
  let best: Ranked[] = [];
  let withheld = 0;
  for await (const rows of vectorsOf(backend, scan, wanted.vector.length)) {
    for (const row of rows) {
      if (!wanted.mayRead(row)) withheld += 1;
      else
        best.push({
          factId: row.factId,
          similarity: dot(row.vector, wanted.vector) / (norm(row.vector) * wantedNorm),
        });
    }
    best = sorted(best).slice(0, wanted.limit);
  }
  return { best, withheld };
}

async function countWithheld(
  backend: FactBackend,
  scan: { filter: RowFilter; visible: Visibility; model: string },
  { vector, mayRead }: Wanted,
): Promise<number> {
  let withheld = 0;
  for await (const rows of vectorsOf(backend, scan, vector.length))
    withheld += rows.filter((row) => !mayRead(row)).length;
  return withheld;
}

/** All vectors of a length, read by read. */
async function* vectorsOf(
  backend: FactBackend,
  scan: { filter: RowFilter; visible: Visibility; model: string },
  length: number,
): AsyncGenerator<readonly VectorRow[]> {
  let afterFactId: string | null = null;
  for (;;) {
    const rows: readonly VectorRow[] = await backend.vectors({
      ...scan,
      afterFactId,
      rowsMax: ROWS_PER_READ,
    });
    yield rows.filter((row) => row.vector.length === length);
    if (rows.length < ROWS_PER_READ) return;
    afterFactId = rows.at(-1)?.factId ?? null;
  }
}

function sorted(ranked: Ranked[]): Ranked[] {
  return ranked.sort((a, b) => b.similarity - a.similarity || Number(a.factId) - Number(b.factId));
}

async function factsById(
  backend: FactBackend,
  visible: Visibility,
  ranked: readonly Ranked[],
): Promise<Map<string, Omit<Fact, 'classification'>>> {
  const factIdIn = ranked.map(({ factId }) => factId);
  const rows = await backend.scan({
    filter: { factIdIn },
    visible,
    afterFactId: null,
    rowsMax: factIdIn.length + 1,
  });
  return new Map(rows.map((row) => [row.factId, row]));
}

function isVector(vector: unknown): vector is Float32Array {
  if (!(vector instanceof Float32Array) || vector.length < 1 || vector.length > VECTOR_DIMENSIONS_MAX)
    return false;
  const length = norm(vector);
  return Number.isFinite(length) && length > 0;
}

/** From where to where lengths are as they are: a database that squares numbers of 32 bits must be able to. */
const LENGTH_EXPONENT_MAX = 32;

/** The vector, or where it is very long or very short the same direction about as long as one: angles stay the same. */
function inRange(vector: Float32Array): Float32Array {
  const exponent = Math.round(Math.log2(norm(vector)));
  return Math.abs(exponent) <= LENGTH_EXPONENT_MAX ? vector : vector.map((n) => n * 2 ** -exponent);
}

/** The vector of length one that points the same way, as well as numbers of 32 bits can. */
export function unitOf(vector: Float32Array): Float32Array {
  const length = norm(vector);
  return vector.map((n) => n / length);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let n = 0; n < a.length; n += 1) sum += (a[n] ?? 0) * (b[n] ?? 0);
  return sum;
}

function norm(vector: Float32Array): number {
  return Math.sqrt(dot(vector, vector));
}

/** Bytes of a vector, little-endian as this machine has them. */
export function vectorBytes(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength).slice();
}

/** The vector of bytes; copied, because what a driver gives need not be aligned. */
export function vectorOf(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}
