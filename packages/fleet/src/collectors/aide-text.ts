import { type AideReport, type AideTotals, aideVerdict } from './aide-report.ts';
import { linesOf } from './probe.ts';

type Section = 'added' | 'removed' | 'changed' | 'mixed' | 'other';

/** A title or summary line is short; longer lines are never matched against the patterns below. */
const TITLE_LENGTH_MAX = 120;
const SUMMARY = /^(Total number of|Added|Removed|Changed) (?:entries|files):\s+(\d{1,15})$/;
const TITLE = /^(Added|Removed|Changed)(,| and)?[a-z ]* (?:entries|files):?$/;
const OTHER_TITLE =
  /^(Detailed information about changes|The attributes of the|End timestamp|Start timestamp)/;

interface Draft {
  section: Section;
  verdict: AideReport['verdict'];
  counts: Map<string, number>;
  added: string[];
  removed: string[];
  changed: string[];
}

/**
 * Reads a plain-text report. A section begins at its title and ends at the next title: neither blank
 * lines nor dashed rules end it. Each line is looked at once, so time is linear in the text.
 */
export function parseAideText(raw: string): AideReport {
  const draft: Draft = {
    section: 'other',
    verdict: null,
    counts: new Map(),
    added: [],
    removed: [],
    changed: [],
  };
  for (const line of linesOf(raw)) readLine(draft, line);
  const { verdict, added, removed, changed } = draft;
  return { verdict, totals: totalsOf(draft), added, removed, changed };
}

function readLine(draft: Draft, line: string): void {
  if (line.length > 0 && line.length <= TITLE_LENGTH_MAX && readTitle(draft, line.trim())) return;
  if (draft.section === 'other') return;
  // The flag column holds no slash, so the first `: /` ends it; the path may hold more of them.
  const separator = line.indexOf(': /');
  if (separator <= 0) return;
  const flags = line.slice(0, separator);
  if (flags.includes('/')) return;
  const path = line.slice(separator + 2).toWellFormed();
  if (draft.section === 'mixed') draft[kindOfFlags(flags.trim())].push(path);
  else draft[draft.section].push(path);
}

/** True when the line is a title, a summary count or the verdict, which list no path. */
function readTitle(draft: Draft, text: string): boolean {
  const count = SUMMARY.exec(text);
  if (count) {
    draft.section = 'other';
    draft.counts.set(count[1] ?? '', Number(count[2]));
    return true;
  }
  const title = TITLE.exec(text);
  if (title) {
    draft.section = title[2] === undefined ? sectionOf(title[1] ?? '') : 'mixed';
    return true;
  }
  if (OTHER_TITLE.test(text)) {
    draft.section = 'other';
    return true;
  }
  const verdict = draft.section === 'other' ? aideVerdict(text) : null;
  if (verdict !== null && draft.verdict === null) draft.verdict = verdict;
  return verdict !== null;
}

function sectionOf(word: string): Section {
  if (word === 'Added') return 'added';
  return word === 'Removed' ? 'removed' : 'changed';
}

/** Which list a line of an ungrouped report belongs to: all plus is added, all minus removed. */
export function kindOfFlags(flags: string): 'added' | 'removed' | 'changed' {
  if (flags === 'added' || flags === 'removed' || flags === 'changed') return flags;
  const rest = flags.slice(1);
  if (rest !== '' && rest === '+'.repeat(rest.length)) return 'added';
  return rest !== '' && rest === '-'.repeat(rest.length) ? 'removed' : 'changed';
}

function totalsOf(draft: Draft): AideTotals | null {
  const total = draft.counts.get('Total number of');
  const kinds = ['Added', 'Removed', 'Changed'].map((word) => draft.counts.get(word));
  const [added, removed, changed] = kinds;
  if (added === undefined || removed === undefined || changed === undefined) return null;
  return { ...(total === undefined ? {} : { total }), added, removed, changed };
}
