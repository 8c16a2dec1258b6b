import { isJsonObject, type Json } from '@praxis/core';
import { CIS_CONTROLS } from '../drift/cis-baseline.ts';
import {
  type CollectedFact,
  type CollectError,
  type CollectorParser,
  observed,
  refused,
} from './telemetry.ts';
import { parseTolerantJson } from './tolerant-json.ts';

const BENCHMARK_DEFAULT = 'talos';
const BENCHMARK_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const ACTIVE_IDS: ReadonlySet<string> = new Set(
  CIS_CONTROLS.filter((control) => control.status === 'active').map((control) => control.id),
);

/**
 * CIS control values: `{"benchmark"?, "controls": {ID: value}}` or a flat map. One fact per known,
 * active control, `cis:BENCHMARK:ID` with a normalised `value`; waived, platform-guaranteed and
 * unknown controls yield none.
 */
export const parseCis: CollectorParser = ({ subject, raw }) => {
  if (raw.trim() === '') return refused('empty', 'no output');
  const parsed = parseTolerantJson(raw);
  if (!parsed.ok) return { facts: [], typed: [], errors: [parsed.error] };
  if (!isJsonObject(parsed.value)) return refused('not_an_object', 'CIS results are an object');
  const { benchmark, controls } = parsed.value;
  const name = benchmark ?? BENCHMARK_DEFAULT;
  if (typeof name !== 'string' || !BENCHMARK_PATTERN.test(name)) {
    return refused('value_unusable', 'the benchmark is not a plain name');
  }
  const map = controls === undefined ? parsed.value : controls;
  if (!isJsonObject(map)) return refused('not_an_object', 'controls is not an object');
  const facts: CollectedFact[] = [];
  const errors: CollectError[] = [];
  for (const [id, value] of Object.entries(map)) {
    if (!ACTIVE_IDS.has(id)) continue;
    const normalised = normaliseCisValue(value);
    if (normalised === undefined)
      errors.push({ code: 'value_unusable', message: `control ${id} is an object` });
    else facts.push(observed(subject, `cis:${name}:${id}`, { value: normalised }));
  }
  return { facts, typed: [], errors };
};

/**
 * One spelling for equal settings: booleans and boolean words in lower case; lists and comma lists
 * trimmed, sorted and joined by commas; other scalars as trimmed text; null stays null.
 * Undefined for what has no such spelling (an object, a list within a list).
 */
export function normaliseCisValue(value: Json): string | null | undefined {
  if (value === null) return null;
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    return items.every(isScalar) ? joined(items.map(scalarText)) : undefined;
  }
  if (!isScalar(value)) return undefined;
  const text = scalarText(value);
  return text.includes(',') ? joined(text.split(',')) : text;
}

type Scalar = string | number | boolean | null;

function isScalar(value: Json): value is Scalar {
  return value === null || typeof value !== 'object';
}

function scalarText(value: Scalar): string {
  const text = String(value).trim();
  const lower = text.toLowerCase();
  return lower === 'true' || lower === 'false' ? lower : text;
}

function joined(items: readonly string[]): string {
  return items
    .map(scalarText)
    .filter((item) => item !== '')
    .sort()
    .join(',');
}
