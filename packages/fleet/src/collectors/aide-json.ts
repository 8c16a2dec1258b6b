import { isJsonObject, type Json, type JsonObject } from '@praxis/core';
import { type AideReport, type AideTotals, aideVerdict } from './aide-report.ts';
import { kindOfFlags } from './aide-text.ts';
import { parseTolerantJson } from './tolerant-json.ts';

const UNREADABLE: AideReport = { verdict: null, totals: null, added: [], removed: [], changed: [] };

/** Reads a report of `report_format=json` (AIDE 0.18 and later), grouped or not. */
export function parseAideJson(raw: string): AideReport {
  const parsed = parseTolerantJson(raw);
  if (!parsed.ok || !isJsonObject(parsed.value)) return UNREADABLE;
  const report = parsed.value;
  const outline = typeof report['outline'] === 'string' ? report['outline'] : '';
  const mixed = Object.entries(objectOf(report['entries']));
  const list = (kind: 'added' | 'removed' | 'changed'): string[] => [
    ...Object.keys(objectOf(report[kind])),
    ...mixed
      .filter(([, flags]) => kindOfFlags(typeof flags === 'string' ? flags.trim() : '') === kind)
      .map(([path]) => path),
  ];
  return {
    verdict: aideVerdict(outline),
    totals: totalsOf(report),
    added: list('added'),
    removed: list('removed'),
    changed: list('changed'),
  };
}

function totalsOf(report: JsonObject): AideTotals | null {
  const counts = objectOf(report['number_of_entries']);
  const { total, added, removed, changed } = counts;
  if (!isCount(added) || !isCount(removed) || !isCount(changed)) return null;
  return { ...(isCount(total) ? { total } : {}), added, removed, changed };
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
