import { PraxisError } from '@praxis/core';

/** Codes of what can be wrong with the shipped tables; found at start, never while classifying. */
export type ShellTableErrorCode =
  | 'SHELL_TABLE_INVALID'
  | 'SHELL_TABLE_DUPLICATE'
  | 'SHELL_TABLE_UNKNOWN_REFERENCE';

export class ShellTableError extends PraxisError {
  constructor(code: ShellTableErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
  }
}
