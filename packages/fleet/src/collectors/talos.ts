import { isJsonObject, type Json, type JsonObject } from '@praxis/core';
import { parseAllDocuments } from 'yaml';
import {
  type CollectedFact,
  type CollectError,
  type CollectorParser,
  observed,
  refused,
} from './telemetry.ts';
import { endOfString, parseTolerantJson } from './tolerant-json.ts';

/** Where status text is cut, in characters. */
export const TALOS_STATUS_LENGTH_MAX = 4096;
export const TALOS_STATUS_MARKER = '…[truncated]';
/** How many consecutive documents one output may hold. */
export const TALOS_DOCUMENTS_MAX = 50_000;
/** The longest YAML output read, in characters: YAML costs far more to read than JSON. */
export const TALOS_YAML_LENGTH_MAX: number = 262_144;

/**
 * talosctl output. One JSON object is taken as it is; an array, or the consecutive pretty-printed
 * documents (or YAML documents) that `talosctl get` prints, become `{items, count}`; another JSON
 * value `{value}`; other text `{status}`, cut with a marker. Blank output is an error and no fact.
 */
export const parseTalos: CollectorParser = ({ subject, predicate, raw }) => {
  const fact = (value: JsonObject): CollectedFact => observed(subject, predicate ?? 'talos', value);
  if (raw.trim() === '') return refused('empty', 'no output');
  const whole = parseTolerantJson(raw);
  if (whole.ok) return { facts: [fact(shape(whole.value))], typed: [], errors: [] };
  if (whole.error.code === 'too_deep') return { facts: [], typed: [], errors: [whole.error] };
  const documents = consecutiveJson(raw) ?? yamlResources(raw);
  if (documents !== null) return { facts: [fact(shape(documents))], typed: [], errors: [] };
  const errors: CollectError[] = raw.trimStart().startsWith('{')
    ? [{ code: 'invalid_json', message: 'the output starts like JSON but is not; kept as status text' }]
    : [];
  return { facts: [fact({ status: statusText(raw) })], typed: [], errors };
};

function shape(value: Json): JsonObject {
  if (Array.isArray(value)) return { items: value, count: value.length };
  return isJsonObject(value) ? value : { value };
}

function statusText(raw: string): string {
  const text = raw.trim().toWellFormed();
  if (text.length <= TALOS_STATUS_LENGTH_MAX) return text;
  return text.slice(0, TALOS_STATUS_LENGTH_MAX).toWellFormed() + TALOS_STATUS_MARKER;
}

/** Splits at the ends of top-level objects. Null unless the whole text is two or more documents. */
function consecutiveJson(raw: string): Json[] | null {
  const documents: Json[] = [];
  let depth = 0;
  let start = -1;
  for (let index = 0; index < raw.length; index += 1) {
    const unit = raw.charCodeAt(index);
    if (unit === 0x7b || unit === 0x5b) {
      if (depth === 0) start = index;
      depth += 1;
    } else if (depth > 0 && unit === 0x22) index = endOfString(raw, index);
    else if (depth > 0 && (unit === 0x7d || unit === 0x5d)) {
      depth -= 1;
      if (depth > 0) continue;
      const parsed =
        documents.length < TALOS_DOCUMENTS_MAX ? parseTolerantJson(raw.slice(start, index + 1)) : null;
      if (!parsed?.ok) return null;
      documents.push(parsed.value);
    } else if (depth === 0 && !isBlank(unit)) return null;
  }
  return depth === 0 && documents.length > 0 ? documents : null;
}

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09 || unit === 0xfeff;
}

/** `talosctl get -o yaml`: documents that each name a node and hold metadata. Null for other text. */
function yamlResources(raw: string): Json[] | null {
  if (raw.length > TALOS_YAML_LENGTH_MAX || !/^(?:---\s*\n)?node: /.test(raw.trimStart())) return null;
  const documents: Json[] = [];
  const parsed = parseAllDocuments(raw, { prettyErrors: false });
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const tree = document.errors.length === 0 ? jsonOf(document.toJSON.bind(document)) : null;
    if (!isJsonObject(tree) || !('metadata' in tree)) return null;
    documents.push(tree);
  }
  return documents.length > 0 ? documents : null;
}

/** Null for YAML without a JSON form: aliases that multiply, cycles, nesting beyond the bound. */
function jsonOf(read: () => unknown): Json {
  let text: string;
  try {
    text = JSON.stringify(read());
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
  const parsed = parseTolerantJson(text ?? 'null');
  return parsed.ok ? parsed.value : null;
}
