import { sha256Hex } from '@praxis/core';
import type { StampVerifier, Voucher } from '@praxis/ledger';
import { evidenceEntry } from '@praxis/ledger';
import { pinnedFetch, type PinnedFetchOptions } from '@praxis/screen';
import { timestampError } from './errors.ts';
import { timestampRequest, tokenInResponse } from './request.ts';
import { type TimestampTrust, TOKEN_BYTES_MAX, verifyToken } from './verify-token.ts';

/** The name under which these stamps stand in the evidence. */
export const RFC3161 = 'rfc3161';
/** How long a time-stamping authority may take, in milliseconds. */
export const TSA_TIMEOUT_MS = 10_000;

/** Which time-stamping authority (RFC 3161) to ask, whom of it to trust, and how it is reached. */
export interface StamperOptions {
  /** Where the time-stamping authority answers, RFC 3161 §3.4. */
  readonly url: string;
  readonly trust: TimestampTrust;
  /** Resolver and egress rules: the connection goes through the egress screen. */
  readonly fetch: PinnedFetchOptions;
}

/**
 * A voucher that has every checkpoint stamped. A token is verified fully, nonce included, before it is
 * kept; an authority that cannot be reached, refuses, or answers with something else is asked again
 * later.
 */
export function rfc3161Stamper(options: StamperOptions): Voucher {
  return {
    name: RFC3161,
    async vouch(note) {
      const token = await stamp(Buffer.from(note), options);
      return evidenceEntry('stamp', {
        note_sha256: sha256Hex(note),
        stamper: RFC3161,
        token_base64: Buffer.from(token).toString('base64'),
      });
    },
  };
}

/** One verified token over data. Throws `TSA_…` or `TIMESTAMP_…` codes. */
export async function stamp(data: Uint8Array, options: StamperOptions): Promise<Uint8Array> {
  const { der, nonce } = timestampRequest(data, options.trust.policies?.[0]);
  const answer = await pinnedFetch(options.url, {
    ...options.fetch,
    method: 'POST',
    headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
    body: der,
    redirectsMax: 0,
    bodyBytesMax: TOKEN_BYTES_MAX,
    timeoutMs: TSA_TIMEOUT_MS,
  });
  if (answer.kind === 'blocked')
    throw timestampError('TSA_BLOCKED', `the egress screen refuses it: ${answer.reason}`);
  if (answer.status !== 200)
    throw timestampError('TSA_HTTP_STATUS', `it answered with HTTP status ${answer.status}`);
  const token = tokenInResponse(answer.body);
  await verifyToken(token, data, options.trust, nonce);
  return token;
}

/** Lets `verifyLedger` check these stamps. */
export function rfc3161Verifier(trust: TimestampTrust): Readonly<Record<string, StampVerifier>> {
  return {
    [RFC3161]: async (token, note) => ({ time: (await verifyToken(token, Buffer.from(note), trust)).time }),
  };
}
