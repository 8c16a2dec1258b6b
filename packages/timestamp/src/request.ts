import { randomBytes } from 'node:crypto';
import { sha256 } from '@praxis/core';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { timestampError } from './errors.ts';
import { OID } from './oids.ts';

/** How many random bytes a nonce has. */
const NONCE_BYTES = 8;
/** `granted` and `grantedWithMods`, RFC 3161 §2.4.2. */
const GRANTED: readonly number[] = [0, 1];

/** A request for a time stamp, and what its answer must repeat. */
export interface TimestampRequest {
  /** DER of a TimeStampReq, RFC 3161 §2.4.1. */
  readonly der: Uint8Array;
  /** The nonce as the DER content of an INTEGER, in hex. */
  readonly nonce: string;
}

/** Asks for a stamp over data: SHA-256 imprint, fresh nonce, certificate wanted, policy if one is required. */
export function timestampRequest(data: Uint8Array, policy?: string): TimestampRequest {
  const nonce = randomBytes(NONCE_BYTES);
  // Positive and of full length: the first bit clear, the first byte not zero.
  nonce[0] = ((nonce[0] ?? 0) & 0x3f) | 0x40;
  const request = new pkijs.TimeStampReq({
    version: 1,
    messageImprint: new pkijs.MessageImprint({
      hashAlgorithm: new pkijs.AlgorithmIdentifier({
        algorithmId: OID.sha256,
        algorithmParams: new asn1js.Null(),
      }),
      hashedMessage: new asn1js.OctetString({ valueHex: toArrayBuffer(sha256(data)) }),
    }),
    nonce: new asn1js.Integer({ valueHex: toArrayBuffer(nonce) }),
    certReq: true,
    ...(policy === undefined ? {} : { reqPolicy: policy }),
  });
  return { der: new Uint8Array(request.toSchema().toBER()), nonce: nonce.toString('hex') };
}

/**
 * The token in a TimeStampResp, RFC 3161 §2.4.2, as the DER of its ContentInfo. Throws `TSA_REFUSED` unless the
 * stamp was granted, `TIMESTAMP_MALFORMED` for what is no response.
 */
export function tokenInResponse(der: Uint8Array): Uint8Array {
  let response: pkijs.TimeStampResp;
  try {
    response = pkijs.TimeStampResp.fromBER(toArrayBuffer(der));
  } catch (cause) {
    throw timestampError('TIMESTAMP_MALFORMED', 'the answer is no time-stamp response', cause);
  }
  const status: number = response.status.status;
  if (!GRANTED.includes(status)) {
    throw timestampError('TSA_REFUSED', `the time-stamping authority answered with status ${status}`);
  }
  const token = response.timeStampToken;
  if (token === undefined)
    throw timestampError('TIMESTAMP_MALFORMED', 'the response grants a stamp and holds none');
  return new Uint8Array(token.toSchema().toBER());
}

export function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}
