/**
 * The base of every error praxis throws. `code` is stable and is what callers and tests compare;
 * `message` is for people and may change; `fields` carries data for machines.
 */
export class PraxisError<Code extends string = string> extends Error {
  override readonly name: string = 'PraxisError';
  readonly code: Code;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    code: Code,
    message: string,
    options: { cause?: unknown; fields?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fields = options.fields ?? {};
  }
}

/** The code of an error that has one, else `fallback`. Works for Node's system errors too. */
export function errorCode(error: unknown, fallback = 'INTERNAL'): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return fallback;
}

/** A person-readable message for any thrown value. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
