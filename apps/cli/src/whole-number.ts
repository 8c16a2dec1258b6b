import { PraxisError } from '@praxis/core';

const DIGITS = /^\d{1,16}$/;

/** The whole number that an option gives, in decimal digits. Throws `USAGE` for anything else, and outside `[min, max]`. */
export function wholeNumber(text: string, min: number, max: number, option: string): number {
  const value = Number(text);
  if (DIGITS.test(text) && value >= min && value <= max) return value;
  throw new PraxisError('USAGE', `${option} is a whole number from ${min} to ${max}`);
}
