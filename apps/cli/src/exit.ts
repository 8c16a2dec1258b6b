import { errorCode, errorMessage } from '@praxis/core';

/** Exit codes of every command: 0 yes, whole, no drift; 1 no; 2 wrong use; 3 cannot tell. */
export const EXIT = { yes: 0, no: 1, wrongUse: 2, cannotTell: 3 } as const;

/** Codes that mean "the answer is no", not "something is broken". */
const NO = new Set([
  'OPERATOR_SECRET_WRONG',
  'OPERATOR_SECRET_LOCKED_OUT',
  'OPERATOR_SECRET_REQUIRED',
  'OPERATOR_NOT_INITIALISED',
  'OPERATOR_CONFIRMATION_NEEDED',
  'APPROVAL_NOT_FOUND',
  'APPROVAL_AMBIGUOUS',
]);
/** Codes that mean "you asked for something that is no request". */
const WRONG_USE = new Set([
  'OPERATOR_SECRET_WEAK',
  'OPERATOR_ALREADY_INITIALISED',
  'USAGE',
  'FACT_QUERY_INVALID',
  'FACT_CURSOR_INVALID',
  'FACT_STORE_DSN_INVALID',
  'INSTANT_INVALID',
  'VECTOR_INVALID',
  'CONTROL_BAD_REQUEST',
  'TRANSPORT_UNKNOWN',
  'HTTP_TOKEN_REQUIRED',
  'HTTP_PORT_INVALID',
  'HTTP_BIND_REFUSED',
]);

/** Says on standard error what went wrong, with its code, and sets the exit code. */
export function failWith(error: unknown): void {
  const code = errorCode(error);
  console.error(`praxis: ${code}: ${errorMessage(error)}`);
  process.exitCode = NO.has(code) ? EXIT.no : WRONG_USE.has(code) ? EXIT.wrongUse : EXIT.cannotTell;
}

/** Wraps a command's work so that whatever it throws ends as a coded line and an exit code. */
export function action<Args extends unknown[]>(
  work: (...args: Args) => Promise<void> | void,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    try {
      await work(...args);
    } catch (error) {
      failWith(error);
    }
  };
}
