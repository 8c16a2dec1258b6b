import { isJsonObject, type JsonObject } from '@praxis/core';
import { typedFromRows } from './entities.ts';
import { type CollectorParser, observed, refused } from './telemetry.ts';
import { parseTolerantJson } from './tolerant-json.ts';

/**
 * osquery's JSON output: an array of row objects becomes one fact `{rows, count}`. Anything else (an
 * error object, null, an array with a non-row in it) is an error and no fact: a table that could
 * not be read must never pass for an empty one.
 */
export const parseOsquery: CollectorParser = ({ subject, predicate, raw }) => {
  if (raw.trim() === '') return refused('empty', 'no output; osquery prints [] for an empty table');
  const parsed = parseTolerantJson(raw);
  if (!parsed.ok) return { facts: [], typed: [], errors: [parsed.error] };
  if (!Array.isArray(parsed.value)) return refused('not_a_table', 'osquery answers an array of rows');
  const rows: readonly JsonObject[] = parsed.value.filter(isJsonObject);
  if (rows.length !== parsed.value.length)
    return refused('not_a_table', 'an element of the table is not a row');
  const table = predicate ?? 'osquery';
  return {
    facts: [observed(subject, table, { rows, count: rows.length })],
    typed: typedFromRows(subject, table, rows),
    errors: [],
  };
};
