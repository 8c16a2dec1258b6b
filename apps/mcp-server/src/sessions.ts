import { randomBytes } from 'node:crypto';

const SESSION_ID_BYTES = 24;

/** An unguessable session id: 24 random bytes in URL-safe Base64. */
export function newSessionId(): string {
  return randomBytes(SESSION_ID_BYTES).toString('base64url');
}
