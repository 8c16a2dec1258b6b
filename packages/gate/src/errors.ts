import { PraxisError } from '@praxis/core';

/** What this package throws; refusals are values, not these. */
export type GateErrorCode =
  | 'OPERATOR_SECRET_WEAK'
  | 'OPERATOR_SECRET_WRONG'
  | 'OPERATOR_SECRET_LOCKED_OUT'
  | 'OPERATOR_SECRET_UNREADABLE'
  | 'OPERATOR_NOT_INITIALISED'
  | 'OPERATOR_ALREADY_INITIALISED'
  | 'OPERATOR_CONFIRMATION_NEEDED'
  | 'APPROVAL_NOT_FOUND'
  | 'APPROVAL_AMBIGUOUS'
  | 'KILL_SWITCH_UNWRITABLE';

/** A fault of the gate or of what an operator told it. A refusal of a call is never an error. */
export class GateError extends PraxisError<GateErrorCode> {
  override readonly name = 'GateError';
}
