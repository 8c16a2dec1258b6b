import { sha256 } from '@praxis/core';

import { keyText } from './batch-plan.ts';
import { LOCK_STRIPES } from './postgres-schema.ts';
import type { Write } from './validate.ts';

/** The stripes that a write locks: that of its key, and that of its idempotency key. */
export function stripesOfWrite({ key, idempotency }: Write): number[] {
  const ofKey = stripeOf(keyText(key));
  return idempotency === null ? [ofKey] : [ofKey, stripeOf(idempotency.key)];
}

function stripeOf(text: string): number {
  return sha256(text).readUInt32BE(0) % LOCK_STRIPES;
}
