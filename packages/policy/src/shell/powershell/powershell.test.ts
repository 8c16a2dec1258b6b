import { readFileSync } from 'node:fs';
import { systemClock, tierRank } from '@praxis/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyCmd } from '../cmd/cmd.ts';
import { FRONT_END_LENGTH_MAX, type FrontEndContext, type FrontEndResult } from '../front-end.ts';
import { PS_DEPTH_MAX, PS_ITEMS_MAX } from './ps-item.ts';
import { classifyPowershell } from './powershell.ts';

interface Vector {
  readonly cmd: string;
  readonly expect: 'T0' | 'T1' | 'T2' | 'T3' | 'DENY';
  readonly shell: 'cmd' | 'powershell';
}

const vectors: Vector[] = readFileSync(
  new URL('../../../../../vectors/classify-windows.jsonl', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Vector);

/** A stand-in for the bash engine: it knows a few commands that read, and recursive removal. */
function bashTier(command: string): 'T0' | 'T2' | 'T3' {
  if (/^(?:git status|kubectl get|ls)\b/.test(command)) return 'T0';
  return /\brm -rf?\b/.test(command) ? 'T3' : 'T2';
}

function context(depth: number): FrontEndContext {
  return {
    depth,
    denyRules: [],
    classifyNested(command, shell) {
      if (shell === 'bash')
        return { tier: bashTier(command), denied: false, reasons: [{ code: 'bash', detail: command }] };
      const classify = shell === 'cmd' ? classifyCmd : classifyPowershell;
      return classify(command, context(depth + 1));
    },
  };
}

function classify(vector: Pick<Vector, 'cmd' | 'shell'>): FrontEndResult {
  return (vector.shell === 'cmd' ? classifyCmd : classifyPowershell)(vector.cmd, context(0));
}

function rank(result: FrontEndResult): number {
  return result.denied ? 4 : tierRank(result.tier);
}

function expectedRank(vector: Vector): number {
  return vector.expect === 'DENY' ? 4 : tierRank(vector.expect);
}

const ps = (cmd: string): FrontEndResult => classify({ cmd, shell: 'powershell' });

describe('the front ends of Windows on the corpus', () => {
  it('have a corpus of some size', () => {
    expect(vectors.length).toBeGreaterThan(700);
  });

  it('flag no harmless command', () => {
    expect(vectors.filter((v) => v.expect === 'T0' && rank(classify(v)) > 0)).toEqual([]);
  });

  it('give everything else at least its tier', () => {
    expect(vectors.filter((v) => rank(classify(v)) < expectedRank(v))).toEqual([]);
  });

  it('deny nothing that is merely irreversible', () => {
    expect(vectors.filter((v) => v.expect !== 'DENY' && classify(v).denied)).toEqual([]);
  });

  it('always give T3 with a denial, and a reason with anything above T0', () => {
    for (const vector of vectors) {
      const result = classify(vector);
      if (result.denied) expect(result.tier).toBe('T3');
      if (result.tier !== 'T0') expect(result.reasons.length).toBeGreaterThan(0);
    }
  });
});

describe('classifyPowershell', () => {
  it('explains with a code and a span', () => {
    const result = ps('Get-Date; Remove-Item C:\\ -Recurse');
    expect(result.reasons.map((reason) => reason.code)).toContain('deny-root-wipe');
    expect(result.reasons[0]?.span).toEqual({ start: 10, end: 34 });
  });

  it('takes typographic dashes and quotes for the plain ones', () => {
    expect(ps('Remove-Item \u2018C:\\\u2019 \u2013Recurse').denied).toBe(true);
    expect(ps('Write-Host \u201cRemove-Item C:\\ -Recurse\u201d').tier).toBe('T0');
  });

  it('decodes an encoded command, and refuses what it cannot decode', () => {
    const encoded = (text: string): string => Buffer.from(text, 'utf16le').toString('base64');
    expect(ps(`powershell -enc ${encoded('Get-Date')}`).tier).toBe('T0');
    expect(ps(`powershell -enc ${encoded('Remove-Item C:\\ -Recurse')}`).denied).toBe(true);
    expect(ps('powershell -enc QQ==').reasons.map((reason) => reason.code)).toContain('nested-undecodable');
  });

  it('refuses a text longer than the bound', () => {
    const text = (length: number): string => '#'.padEnd(length, 'x');
    expect(ps(text(FRONT_END_LENGTH_MAX)).tier).toBe('T0');
    expect(ps(text(FRONT_END_LENGTH_MAX + 1)).reasons[0]?.code).toBe('text-too-long');
  });

  it('refuses brackets nested deeper than the bound', () => {
    // The text itself is one level.
    const nested = (depth: number): string => `${'('.repeat(depth - 1)}1${')'.repeat(depth - 1)}`;
    expect(ps(nested(PS_DEPTH_MAX)).tier).toBe('T0');
    expect(ps(nested(PS_DEPTH_MAX + 1)).reasons[0]?.code).toBe('parse-error');
  });

  it('refuses more items than the bound', () => {
    expect(ps('ls;'.repeat(PS_ITEMS_MAX)).tier).toBe('T0');
    expect(ps('ls;'.repeat(PS_ITEMS_MAX + 1)).reasons[0]?.code).toBe('parse-error');
  });

  it('refuses shells nested without end', () => {
    const text = 'iex "'.repeat(3).concat('Get-Date', '"'.repeat(3));
    expect(tierRank(ps(text).tier)).toBeGreaterThan(0);
    expect(ps(`${'cmd /c '.repeat(12)}ver`).reasons.map((reason) => reason.code)).toContain(
      'nested-too-deep',
    );
  });

  it.each([
    '(',
    '{',
    '$(',
    '"$(',
    "'",
    '@{',
    '[',
    '`',
    '$x.',
    '$x=',
    '-a ',
    'a|',
    '@"\n',
    '<#',
    '&',
    '\\',
    'a,',
    '::',
    '"',
  ])('stays quick on a long run of %j', (piece) => {
    const text = piece.repeat(FRONT_END_LENGTH_MAX / piece.length);
    const startedMs = systemClock.monotonicMs();
    ps(text);
    classify({ cmd: text, shell: 'cmd' });
    expect(systemClock.monotonicMs() - startedMs).toBeLessThan(1000);
  });
});

describe('the front ends of Windows for any text', () => {
  const shells = fc.constantFrom<'cmd' | 'powershell'>('cmd', 'powershell');

  it('give a tier', () => {
    const mark = fc.constantFrom(...'$(){}[]@\'"`|&;<>,=%!^\\/-:.#\n aRr'.split(''));
    const member = fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty');
    const inherited = fc
      .constantFrom('', '$', '%', '-', 'a ')
      .chain((before) => member.map((name) => before + name));
    const noise = fc.array(mark, { maxLength: 40 }).map((marks) => marks.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), noise, inherited), shells, (cmd, shell) => {
        const result = classify({ cmd, shell });
        expect(['T0', 'T1', 'T2', 'T3']).toContain(result.tier);
        expect(result.reasons.map((reason) => reason.code)).not.toContain('front-end-fault');
      }),
      { numRuns: 2000 },
    );
  });

  it('never fall when another statement is joined on', () => {
    const whole = vectors.filter((v) => !classify(v).reasons.some((reason) => reason.code === 'parse-error'));
    const pick = fc.constantFrom(...whole);
    const joiners = { cmd: [' & ', ' && ', ' || ', '\n'], powershell: ['; ', '\n', ' && ', ' || '] };
    fc.assert(
      fc.property(pick, pick, fc.nat({ max: 3 }), (first, second, joiner) => {
        fc.pre(first.shell === second.shell);
        // A comment swallows what is joined to it on the same line.
        const joined = `${first.cmd}${joiners[first.shell][joiner] ?? '\n'}${second.cmd}`;
        expect(rank(classify({ cmd: joined, shell: first.shell }))).toBeGreaterThanOrEqual(
          rank(classify(first)),
        );
      }),
      { numRuns: 1500 },
    );
  });
});
