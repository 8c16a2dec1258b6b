import { PraxisError } from '@praxis/core';

/**
 * Faults of actuation (what an adapter declines is a `Refusal`, a value):
 * `ACTUATION_BINARY_MISSING` the program to start is not there or may not be executed;
 * `ACTUATION_SPAWN_FAILED` the operating system did not start it for another reason.
 */
export type ActuationErrorCode = 'ACTUATION_BINARY_MISSING' | 'ACTUATION_SPAWN_FAILED';

/** A fault of actuation. */
export class ActuationError extends PraxisError<ActuationErrorCode> {
  override readonly name: string = 'ActuationError';
}
