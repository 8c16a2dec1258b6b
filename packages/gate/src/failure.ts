import { errorCode, errorMessage, PraxisError } from '@praxis/core';
import type { GateReason } from './reasons.ts';
import { boundedDetail } from './refuse.ts';

/** What a caller and the ledger learn of something thrown: a code, and a redacted, bounded message. */
export interface Failure {
  readonly reason: GateReason;
  readonly detail: string;
}

/**
 * The only place where everything is caught. Our own errors keep their code and message; of foreign ones
 * only the class and the code leave, because their messages were not written for strangers.
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof PraxisError) {
    return { reason: 'execution_failed', detail: boundedDetail(`${error.code}: ${errorMessage(error)}`) };
  }
  const kind = error instanceof Error ? error.name : typeof error;
  return { reason: 'internal_error', detail: `${kind} (${errorCode(error)})` };
}
