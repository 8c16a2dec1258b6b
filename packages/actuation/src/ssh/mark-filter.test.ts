import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MarkFilter } from './mark-filter.ts';

const marks = { startMark: 'praxis-0123-began\n', endMark: 'praxis-0123-ended\n' };

function filter(chunks: readonly string[]): { kept: string; marks: MarkFilter } {
  const used = new MarkFilter(marks);
  const kept = [...chunks.map((chunk) => used.push(Buffer.from(chunk))), used.flush()];
  return { kept: Buffer.concat(kept).toString(), marks: used };
}

describe('MarkFilter', () => {
  it('finds the marks wherever the stream is cut', () => {
    const whole = `warning of ssh\n${marks.startMark}some output\n${marks.endMark}`;
    const cuts = fc.array(fc.nat({ max: whole.length }), { maxLength: 12 });
    fc.assert(
      fc.property(cuts, (places) => {
        const sorted = [0, ...places.sort((a, b) => a - b), whole.length];
        const chunks = sorted.slice(1).map((end, index) => whole.slice(sorted[index], end));
        const { kept, marks: used } = filter(chunks);
        expect(kept).toBe('some output\n');
        expect([used.began, used.ended, used.preamble]).toEqual([true, true, 'warning of ssh\n']);
      }),
    );
  });

  it('keeps what ssh says when the command never began', () => {
    const { kept, marks: used } = filter(['ssh: ', 'connection refused\n']);
    expect([kept, used.began, used.ended, used.preamble]).toEqual([
      'ssh: connection refused\n',
      false,
      false,
      'ssh: connection refused\n',
    ]);
  });

  it('does not take a lost connection for an end', () => {
    const { kept, marks: used } = filter([marks.startMark, 'half a line', marks.endMark.slice(0, -1)]);
    expect([used.began, used.ended]).toEqual([true, false]);
    expect(kept).toBe(`half a line${marks.endMark.slice(0, -1)}`);
  });

  it('takes no mark of another run', () => {
    const { marks: used } = filter(['praxis-9999-began\n', 'praxis-9999-ended\n']);
    expect([used.began, used.ended]).toEqual([false, false]);
  });

  it('bounds what it holds while nothing has begun', () => {
    const used = new MarkFilter(marks);
    for (let n = 0; n < 100; n += 1) used.push(Buffer.alloc(10_000, 'x'));
    expect(used.flush().length).toBe(65_536);
  });
});
