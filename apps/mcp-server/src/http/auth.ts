import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '@praxis/core';

/** Whether an `Authorization` header carries the bearer token (RFC 6750 §2.1); the scheme in any case. */
export function bearerMatches(header: string | undefined, token: string): boolean {
  const match = /^bearer +([^\s]+) *$/i.exec(header ?? '');
  if (match?.[1] === undefined) return false;
  // Digests have equal lengths, so the comparison takes the same time whatever was sent.
  return timingSafeEqual(sha256(match[1]), sha256(token));
}
