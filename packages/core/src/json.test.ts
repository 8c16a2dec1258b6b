import { describe, expect, it } from 'vitest';
import { isJsonObject } from './json.ts';

describe('isJsonObject', () => {
  it.each([
    [{}, true],
    [{ a: 1 }, true],
    [[], false],
    [null, false],
    ['{}', false],
    [7, false],
    [undefined, false],
  ])('answers %j with %s', (value, expected) => {
    expect(isJsonObject(value)).toBe(expected);
  });
});
