import type { LedgerReport, ReportLine } from './report.ts';

const SECTIONS: readonly (readonly [
  'actions' | 'approvals' | 'denials' | 'interrupted' | 'sessions',
  string,
])[] = [
  ['actions', 'Actions with effects'],
  ['approvals', 'Approvals'],
  ['denials', 'Denials'],
  ['interrupted', 'Interrupted, outcome unknown'],
  ['sessions', 'Sessions'],
];
const TABLES: readonly (readonly ['by_decision' | 'by_tier' | 'by_tool' | 'denial_reasons', string])[] = [
  ['by_decision', 'By decision'],
  ['by_tier', 'By tier'],
  ['by_tool', 'By tool'],
  ['denial_reasons', 'Why calls were denied'],
];

/** A report as plain text. Control characters of callers never reach the terminal. */
export function renderReportText(report: LedgerReport): string {
  const lines = [`Ledger ${report.path}`, integrity(report), ...damaged(report), period(report), ''];
  for (const [key, title] of TABLES) lines.push(title, ...table(report[key]), '');
  lines.push('By day (UTC)');
  for (const [day, counts] of Object.entries(report.by_day)) lines.push(`  ${day}  ${inWords(counts)}`);
  lines.push('', 'Who did what');
  for (const [principal, counts] of Object.entries(report.by_principal))
    lines.push(`  ${visible(principal)}`, ...table(counts).map((line) => `  ${line}`));
  for (const [key, title] of SECTIONS) {
    lines.push('', `${title}: ${report.counts[key]}`, ...report[key].map((line) => `  ${sentence(line)}`));
    if (report.counts[key] > report[key].length)
      lines.push(`  … and ${report.counts[key] - report[key].length} more`);
  }
  return `${lines.map(visible).join('\n')}\n`;
}

function period({ since, until, first, last, records }: LedgerReport): string {
  const asked = `from ${since ?? 'the beginning'} to ${until ?? 'now'}`;
  return `Period: ${asked}; ${records} records, ${first ?? '-'} to ${last ?? '-'}`;
}

function inWords(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
}

/** A report as one HTML page without scripts, styles from elsewhere, or anything a caller could inject. */
export function renderReportHtml(report: LedgerReport): string {
  const tables = TABLES.map(([key, title]) =>
    section(title, rows(Object.entries(report[key]).map(([name, n]) => [name, String(n)]))),
  );
  const people = Object.entries(report.by_principal).flatMap(([principal, counts]) =>
    Object.entries(counts).map(([what, n]) => [principal, what, String(n)]),
  );
  const lists = SECTIONS.map(([key, title]) =>
    section(`${title}: ${report.counts[key]}`, rows(report[key].map(cells))),
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ledger report</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1a1d21}
table{border-collapse:collapse;width:100%}td{border-top:1px solid #d8dce1;padding:.3rem .6rem;vertical-align:top;overflow-wrap:anywhere}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}.whole{color:#0b6b3a}.broken{color:#b3261e;font-weight:600}</style></head><body>
<h1>Ledger report</h1><p>${escape(report.path)}</p>
<p class="${report.integrity.ok ? 'whole' : 'broken'}">${escape(integrity(report))}</p>
${damaged(report)
  .map((line) => `<p class="broken">${escape(line)}</p>\n`)
  .join('')}<p>${escape(period(report))}</p>
${tables.join('\n')}
${section('By day (UTC)', rows(Object.entries(report.by_day).map(([day, counts]) => [day, inWords(counts)])))}
${section('Who did what', rows(people))}
${lists.join('\n')}
</body></html>
`;
}

function integrity({ integrity: found }: LedgerReport): string {
  const { ok, first_bad: bad, records, unanchored_tail: tail, evidence } = found;
  if (!ok)
    return `NOT whole: ${bad?.code ?? 'unknown'} at byte ${bad?.offset ?? 0} of ${bad?.path ?? '?'} (seq ${bad?.seq ?? 0})`;
  return `Whole: ${records} records verify; ${evidence.checkpoints} checkpoints, ${tail} records not covered by one`;
}

function damaged({ damaged: { lines, first } }: LedgerReport): string[] {
  if (first === null) return [];
  return [`NOT counted: ${lines} damaged lines, the first at byte ${first.offset} of ${first.path}`];
}

function sentence(line: ReportLine): string {
  const by = line.approver === null ? '' : ` (approved by ${line.approver})`;
  return visible(
    `${line.ts} seq ${line.seq} ${line.principal ?? '-'} ${line.tool ?? '-'} ${line.target ?? ''} ${line.tier ?? ''} ${line.decision}: ${line.reason}${by}`,
  );
}

function cells(line: ReportLine): string[] {
  return [
    line.ts,
    `seq ${line.seq}`,
    line.principal ?? '-',
    line.tool ?? '-',
    line.target ?? '',
    line.tier ?? '',
    line.decision,
    line.reason,
    line.approver ?? '',
  ];
}

function table(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).map(([name, n]) => `  ${String(n).padStart(8)}  ${visible(name)}`);
}

function section(title: string, body: string): string {
  return `<h2>${escape(title)}</h2>\n${body}`;
}

function rows(lines: readonly (readonly string[])[]): string {
  if (lines.length === 0) return '<p>None.</p>';
  return `<table>${lines.map((line) => `<tr>${line.map((text) => `<td>${escape(text)}</td>`).join('')}</tr>`).join('\n')}</table>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return visible(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
