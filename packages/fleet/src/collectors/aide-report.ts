/** The counts of a report's summary. */
export interface AideTotals {
  readonly total?: number;
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** What either report format says, before it is judged. */
export interface AideReport {
  /** The report's own first sentence, or null when it has none. */
  readonly verdict: 'differences' | 'no_differences' | null;
  readonly totals: AideTotals | null;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** Reads AIDE's verdict sentence, which both formats and all versions share. */
export function aideVerdict(line: string): AideReport['verdict'] {
  if (!line.startsWith('AIDE') && !line.startsWith('###')) return null;
  if (line.includes('found NO differences') || line.includes('Looks okay')) return 'no_differences';
  return line.includes('found differences') ? 'differences' : null;
}

function listed(report: AideReport): number {
  return report.added.length + report.removed.length + report.changed.length;
}

/** True when the report states a result and lists exactly the differences it counts. */
export function isComplete(report: AideReport): boolean {
  const { totals, verdict } = report;
  if (verdict === 'no_differences')
    return listed(report) === 0 && (totals === null || differences(totals) === 0);
  if (totals === null) return false;
  const lists = totals.added === report.added.length && totals.removed === report.removed.length;
  // "Differences" with counts of zero happen when only a database attribute differs: not complete.
  return lists && totals.changed === report.changed.length && (verdict === null || differences(totals) > 0);
}

/** True only for a complete report without any difference. */
export function isClean(report: AideReport): boolean {
  if (!isComplete(report) || listed(report) > 0 || report.verdict === 'differences') return false;
  return report.verdict === 'no_differences' || (report.totals !== null && differences(report.totals) === 0);
}

function differences(totals: AideTotals): number {
  return totals.added + totals.removed + totals.changed;
}
