import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCode, errorMessage, PraxisError } from './errors.ts';

describe('PraxisError', () => {
  it('carries code, message, cause and fields', () => {
    const cause = new Error('beneath');
    const error = new PraxisError('DISK_FULL', 'no room', { cause, fields: { path: '/x' } });
    expect(error).toMatchObject({
      name: 'PraxisError',
      code: 'DISK_FULL',
      message: 'no room',
      cause,
      fields: { path: '/x' },
    });
    expect(error).toBeInstanceOf(Error);
  });

  it('has no cause that nobody gave', () => {
    const error = new PraxisError('X', 'y');
    expect('cause' in error).toBe(false);
    expect(error.fields).toEqual({});
  });
});

describe('errorCode', () => {
  it('tells the code of our errors and of the system’s', () => {
    expect(errorCode(new PraxisError('DISK_FULL', ''))).toBe('DISK_FULL');
    expect(codeOf(() => readFileSync('/nowhere/at/all'))).toBe('ENOENT');
  });

  it.each([undefined, null, 'text', 7, {}, { code: 7 }, new Error('x')])('falls back for %j', (error) => {
    expect(errorCode(error)).toBe('INTERNAL');
    expect(errorCode(error, 'OTHER')).toBe('OTHER');
  });
});

describe('errorMessage', () => {
  it.each([
    [new Error('broken'), 'broken'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [{ a: 1 }, '[object Object]'],
  ])('reads anything that was thrown', (error, message) => {
    expect(errorMessage(error)).toBe(message);
  });
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return errorCode(error);
  }
  return 'nothing was thrown';
}
