import type { JsonObject } from '@praxis/core';
import { parseAideJson } from './aide-json.ts';
import { type AideReport, isClean, isComplete } from './aide-report.ts';
import { parseAideText } from './aide-text.ts';
import { type CollectError, type CollectorParser, observed } from './telemetry.ts';

/**
 * An AIDE check report (0.16 to 0.19, text or `report_format=json`) becomes one fact
 * `file_integrity`: the paths added, removed and changed, `totals` where the report has them,
 * `complete` when every difference the report counts is also listed, and `clean` only for a complete
 * report that found nothing. An empty or foreign text is neither complete nor clean.
 */
export const parseAide: CollectorParser = ({ subject, raw }) => {
  const isJson = raw.trimStart().startsWith('{');
  const report = isJson ? parseAideJson(raw) : parseAideText(raw);
  const complete = isComplete(report);
  const value: JsonObject = {
    added: [...report.added].sort(),
    removed: [...report.removed].sort(),
    changed: [...report.changed].sort(),
    complete,
    clean: isClean(report),
    ...(report.totals === null ? {} : { totals: { ...report.totals } }),
  };
  return {
    facts: [observed(subject, 'file_integrity', value)],
    typed: [],
    errors: problems(report, complete, raw),
  };
};

function problems(report: AideReport, complete: boolean, raw: string): CollectError[] {
  if (complete) return [];
  if (raw.trim() === '') return [{ code: 'empty', message: 'no report' }];
  if (report.verdict === null && report.totals === null) {
    return [{ code: 'report_unrecognised', message: 'not an AIDE check report' }];
  }
  return [{ code: 'report_incomplete', message: 'the report does not list every difference it counts' }];
}
