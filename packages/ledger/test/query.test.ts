import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { parseInstant } from '@praxis/core';
import { describe, expect, it } from 'vitest';
import {
  type DamageReport,
  DamageTally,
  exportLedger,
  followLedger,
  type FoundRecord,
  type Ledger,
  listSegments,
  type RecordFilter,
  renderReportHtml,
  renderReportText,
  reportLedger,
  searchLedger,
} from '../src/index.ts';
import { aLedger, anEntry } from './a-ledger.ts';

async function aDay(): Promise<Ledger> {
  let now = parseInstant('2026-01-01T00:00:00Z');
  const clock = { now: () => (now += 1_000_000), monotonicMs: () => 0 };
  const ledger = await aLedger({ clock });
  await ledger.append(anEntry({ principal: 'agent:one', host: 'web1' }));
  await ledger.append(
    anEntry({
      kind: 'refusal',
      decision: 'denied',
      reason: 'mode_refused',
      tool: 'run_action',
      tier: 'T3',
      principal: 'agent:one',
      target: '<script>alert(1)</script>\u001b[31m',
    }),
  );
  const intent = await ledger.append(
    anEntry({
      kind: 'intent',
      tool: 'run_action',
      tier: 'T2',
      principal: 'agent:two',
      approver: 'operator:anna',
      approvalId: 'a1',
      host: 'web2',
    }),
  );
  await ledger.rotate();
  await ledger.append(
    anEntry({
      kind: 'outcome',
      tool: 'run_action',
      tier: 'T2',
      principal: 'agent:two',
      intentSeq: intent.seq,
      host: 'web2',
    }),
  );
  await ledger.append(anEntry({ args: { formula: '=1+1', text: 'a "b", c' }, target: '=cmd()' }));
  return ledger;
}

async function seqs(path: string, filter: RecordFilter): Promise<number[]> {
  const found: number[] = [];
  for await (const record of searchLedger(path, filter)) found.push(record.seq);
  return found;
}

describe('searchLedger', () => {
  it('finds by time, tool, host, decision, principal, tier and text, across segments', async () => {
    const { path } = await aDay();
    expect(await seqs(path, {})).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(await seqs(path, { tool: 'run_action' })).toEqual([2, 3, 5]);
    expect(await seqs(path, { host: 'web2' })).toEqual([3, 5]);
    expect(await seqs(path, { decision: 'denied' })).toEqual([2]);
    expect(await seqs(path, { principal: 'agent:one' })).toEqual([1, 2]);
    expect(await seqs(path, { tierAtLeast: 'T2' })).toEqual([2, 3, 5]);
    expect(await seqs(path, { tier: 'T3' })).toEqual([2]);
    expect(await seqs(path, { contains: 'formula' })).toEqual([6]);
    const third = parseInstant('2026-01-01T00:00:05Z');
    const later = await seqs(path, { since: third });
    expect([...(await seqs(path, { until: third })), ...later]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(later.length).toBeGreaterThan(0);
  });

  it('says when there is no ledger', async () => {
    await expect(seqs('/no/such/ledger.jsonl', {})).rejects.toMatchObject({ code: 'LEDGER_UNREADABLE' });
  });
});

describe('a report of a period', () => {
  it('says what was asked for, what was found, and what happened on which day', async () => {
    const { path } = await aDay();
    const since = parseInstant('2026-01-01T00:00:03Z');
    const until = parseInstant('2026-02-01T00:00:00Z');
    const report = await reportLedger(path, { since, until });
    expect(report).toMatchObject({
      since: '2026-01-01T00:00:03.000000Z',
      until: '2026-02-01T00:00:00.000000Z',
      by_day: { '2026-01-01': { denied: 1, allowed: 3 } },
    });
    expect(renderReportText(report)).toContain('2026-01-01  3 allowed, 1 denied');
    expect(renderReportHtml(report)).toContain('<td>2026-01-01</td>');
  });
});

describe('exportLedger', () => {
  it('writes CSV that no spreadsheet takes for formulas', async () => {
    const { path } = await aDay();
    let csv = '';
    for await (const piece of exportLedger(path, 'csv', { contains: 'formula' })) csv += piece;
    const [header, row] = csv.split('\r\n');
    expect(header).toMatch(/^seq,ts,kind/);
    expect(row).toContain("'=cmd()");
    expect(row).toContain('""formula"":""=1+1""');
  });

  it('writes JSON lines exactly as they are stored', async () => {
    const { path } = await aDay();
    let text = '';
    for await (const piece of exportLedger(path, 'jsonl')) text += piece;
    const stored = listSegments(path).map((segment) => readFileSync(segment.path, 'utf8'));
    expect(text).toBe(stored.join(''));
    expect(text.split('\n')).toHaveLength(8);
  });
});

describe('reportLedger', () => {
  it('tells who did what, what was approved and denied, and whether to believe it', async () => {
    const ledger = await aDay();
    await ledger.close();
    const report = await reportLedger(ledger.path);
    expect(report).toMatchObject({
      records: 8,
      integrity: { ok: true, unanchored_tail: 0 },
      by_principal: {
        'agent:one': { 'allowed query_facts': 1, 'denied run_action': 1 },
        'agent:two': { 'allowed run_action': 1 },
      },
      denial_reasons: { mode_refused: 1 },
      counts: { actions: 1, approvals: 1, denials: 1, interrupted: 0, sessions: 2 },
      approvals: [{ approver: 'operator:anna', tool: 'run_action' }],
    });
    const html = renderReportHtml(report);
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toContain('<script>');
    const odd = { ...report, path: 'a\u001b[31m\u202eb' };
    for (const page of [renderReportHtml(odd), renderReportText(odd)])
      expect(page).not.toMatch(/\p{Cf}|(?!\n)\p{Cc}/u);
    const text = renderReportText(report);
    expect(text).toContain('Whole: 8 records verify');
    expect(text).not.toContain('\u001b');
  });
});

describe('followLedger', () => {
  it('shows the last records and then each new one, across rotations', async () => {
    const ledger = await aDay();
    const stop = new AbortController();
    const seen: number[] = [];
    const following = (async () => {
      for await (const record of followLedger(ledger.path, { count: 2, follow: true, signal: stop.signal })) {
        seen.push(record.seq);
        if (seen.length === 6) stop.abort();
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await ledger.append(anEntry());
    await ledger.rotate();
    await ledger.append(anEntry());
    await ledger.append(anEntry());
    await following;
    expect(seen).toEqual([5, 6, 7, 8, 9, 10]);
  });

  it('ends without follow', async () => {
    const { path } = await aDay();
    const seen: number[] = [];
    for await (const record of followLedger(path, { count: 3, follow: false })) seen.push(record.seq);
    expect(seen).toEqual([4, 5, 6]);
  });

  it('begins near the end, however many segments the last records are in', async () => {
    const ledger = await aLedger({ evidence: false, durability: 'os' });
    for (let i = 0; i < 300; i += 1) {
      await ledger.append(anEntry({ args: { text: 'x'.repeat(i === 150 ? 60_000 : 500) } }));
      if (i % 100 === 99) await ledger.rotate();
    }
    await ledger.close();
    const all: number[] = [];
    for await (const { seq } of followLedger(ledger.path, { count: 1_000, follow: false })) all.push(seq);
    expect(all).toEqual(all.map((_, i) => i));
    for (const count of [0, 1, 7, 120, 180, all.length]) {
      const seen: number[] = [];
      for await (const { seq } of followLedger(ledger.path, { count, follow: false })) seen.push(seq);
      expect(seen).toEqual(count === 0 ? [] : all.slice(-count));
    }
  });
});

describe('what is no record', () => {
  async function damageOf(path: string, filter: RecordFilter = {}): Promise<DamageReport> {
    const damage = new DamageTally();
    for await (const _ of searchLedger(path, filter, damage));
    return damage.report;
  }

  it('is counted in every segment, also where the filter passes the line over', async () => {
    const { path } = await aDay();
    expect(await damageOf(path)).toEqual({ lines: 0, first: null });
    const [, later = ''] = listSegments(path).map((segment) => segment.path);
    const bytes = readFileSync(later, 'utf8');
    const second = bytes.indexOf('\n') + 1;
    writeFileSync(later, `${bytes.slice(0, second)}${bytes.slice(second).replaceAll('agent:', 'agemt:')}`);
    const first = { path: later, offset: second };
    expect(await damageOf(path)).toMatchObject({ first });
    expect(await damageOf(path, { tool: 'run_action' })).toMatchObject({ first });
    expect(await damageOf(path, { tool: 'nothing' })).toMatchObject({ first });
    const damage = new DamageTally();
    for await (const _ of followLedger(path, { count: 10, follow: false, damage }));
    expect(damage.report).toMatchObject({ first });
    expect((await reportLedger(path)).damaged).toMatchObject({ first });
    expect(renderReportText(await reportLedger(path))).toContain(`byte ${second} of ${later}`);
  });

  it('is one line however long it is, and whether or not a newline ends it', async () => {
    const { path } = await aDay();
    const [, later = ''] = listSegments(path).map((segment) => segment.path);
    const size = readFileSync(later).length;
    const first = { path: later, offset: size };
    appendFileSync(later, `${'x'.repeat(3_000_000)}\n`);
    expect(await damageOf(path)).toEqual({ lines: 1, first });
    appendFileSync(later, 'y'.repeat(3_000_000));
    expect(await damageOf(path)).toEqual({ lines: 2, first });
    appendFileSync(later, '\n\nz');
    expect(await damageOf(path)).toEqual({ lines: 4, first });
  });

  it('does not count when a recovery record says that a crash left it', async () => {
    const ledger = await aLedger({ evidence: false });
    await ledger.append(anEntry());
    await ledger.close();
    const size = readFileSync(ledger.path).length;
    appendFileSync(ledger.path, '{"action_id":"a');
    expect(await damageOf(ledger.path)).toEqual({ lines: 1, first: { path: ledger.path, offset: size } });
    const again = await aLedger({ path: ledger.path, evidence: false });
    await again.append(anEntry());
    await again.close();
    expect(readFileSync(ledger.path, 'utf8')).toContain('"kind":"recovery"');
    expect(await damageOf(ledger.path)).toEqual({ lines: 0, first: null });
    const damage = new DamageTally();
    for await (const _ of followLedger(ledger.path, { count: 1, follow: false, damage }));
    expect(damage.report).toEqual({ lines: 0, first: null });
  });
});

describe('searchLedger by what a line holds', () => {
  it('finds what a filter on every record would, also where the arguments look like a member', async () => {
    const ledger = await aLedger({ evidence: false, durability: 'os' });
    const tools = ['a', 'b"\\', 'é', 'tool":"a'];
    for (let i = 0; i < 24; i += 1) {
      const tool = tools[i % 4] ?? '';
      await ledger.append(
        anEntry({ tool, reason: `r${i % 3}`, args: { tool: 'a', ts: '","v":1' }, host: `h${i % 5}` }),
      );
    }
    await ledger.close();
    const every: FoundRecord[] = [];
    for await (const record of searchLedger(ledger.path)) every.push(record);
    const found = async (filter: RecordFilter): Promise<number[]> => {
      const seqs: number[] = [];
      for await (const { seq } of searchLedger(ledger.path, filter)) seqs.push(seq);
      return seqs;
    };
    const seqsOf = (fits: (record: FoundRecord) => boolean): number[] =>
      every.filter(fits).map(({ seq }) => seq);
    for (const tool of tools) {
      expect(await found({ tool })).toEqual(seqsOf((record) => record.tool === tool));
      expect(await found({ tool, host: 'h1' })).toEqual(
        seqsOf((record) => record.tool === tool && record.host === 'h1'),
      );
    }
    const middle = every[10]?.ts ?? '';
    expect(await found({ since: parseInstant(middle) })).toEqual(seqsOf(({ ts }) => ts >= middle));
    expect(await found({ until: parseInstant(middle), reason: 'r1' })).toEqual(
      seqsOf(({ ts, reason }) => ts < middle && reason === 'r1'),
    );
    expect(await found({ tool: 'ts' })).toEqual([]);
  });
});
