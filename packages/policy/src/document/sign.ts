import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import {
  canonicalJson,
  errorMessage,
  formatInstant,
  type Instant,
  type Json,
  parseInstant,
  PraxisError,
  sha256Hex,
} from '@praxis/core';
import { z } from 'zod';
import type { PolicyErrorCode } from '../rules/errors.ts';
import { orderPolicy } from './format.ts';
import type { PolicyDocument } from './policy-types.ts';
import { policyDocumentSchema } from './schema.ts';

/** What the signature covers besides the policy itself. */
export interface PolicySignature {
  readonly algorithm: 'Ed25519';
  readonly key_id: string;
  /** The revision of the policy: a verifier refuses one lower than the last it accepted. */
  readonly revision: number;
  readonly signed_at: string;
  readonly expires_at: string;
  /** Base64 of the signature over the canonical JSON (RFC 8785) of the policy and the fields above. */
  readonly value: string;
}

/** A policy with its signature, as it is stored and distributed. */
export interface SignedPolicy {
  readonly policy: PolicyDocument;
  readonly signature: PolicySignature;
}

/** An Ed25519 key pair in PEM, with the identifier verifiers know it by. */
export interface PolicyKeyPair {
  readonly keyId: string;
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
}

const signedPolicySchema = z.strictObject({
  policy: policyDocumentSchema,
  signature: z.strictObject({
    algorithm: z.literal('Ed25519'),
    key_id: z.string(),
    revision: z.int().min(0),
    signed_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    value: z.base64(),
  }),
});

/** Makes a new signing key. */
export function generatePolicyKey(): PolicyKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    keyId: policyKeyId(publicKey),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

/** The first 16 hexadecimal digits of the SHA-256 of the public key (SPKI, DER). */
export function policyKeyId(publicKey: KeyObject): string {
  return sha256Hex(publicKey.export({ type: 'spki', format: 'der' })).slice(0, 16);
}

/** Signs a policy that has a `revision`. Throws `POLICY_INVALID` without one and `POLICY_SIGNATURE_INVALID` on a bad key. */
export function signPolicy(
  policy: PolicyDocument,
  options: { privateKeyPem: string; signedAt: Instant; expiresAt: Instant },
): SignedPolicy {
  const { revision } = policy;
  if (revision === undefined)
    throw new PraxisError<PolicyErrorCode>('POLICY_INVALID', 'a signed policy needs a `revision`');
  const key = readKey(() => createPrivateKey(options.privateKeyPem));
  const signature = {
    algorithm: 'Ed25519' as const,
    key_id: policyKeyId(createPublicKey(key)),
    revision,
    signed_at: formatInstant(options.signedAt),
    expires_at: formatInstant(options.expiresAt),
  };
  const value = sign(null, signedBytes(policy, signature), key).toString('base64');
  return { policy: orderPolicy(policy) as unknown as PolicyDocument, signature: { ...signature, value } };
}

/** What a verifier trusts. `revisionMin` is the revision of the last policy it accepted. */
export interface PolicyTrust {
  readonly publicKeysPem: readonly string[];
  readonly now: Instant;
  readonly revisionMin?: number;
}

/**
 * Returns the policy of a signed bundle. Throws `POLICY_INVALID` (not a bundle), `POLICY_KEY_UNKNOWN`,
 * `POLICY_SIGNATURE_INVALID`, `POLICY_SIGNATURE_EXPIRED` or `POLICY_ROLLBACK`.
 */
export function verifySignedPolicy(bundle: unknown, trust: PolicyTrust): PolicyDocument {
  const parsed = signedPolicySchema.safeParse(bundle);
  if (!parsed.success)
    throw new PraxisError<PolicyErrorCode>('POLICY_INVALID', 'not a signed policy', { cause: parsed.error });
  const { policy, signature } = parsed.data;
  const { value, ...covered } = signature;
  const keys = trust.publicKeysPem.map((pem) => readKey(() => createPublicKey(pem)));
  const key = keys.find((candidate) => policyKeyId(candidate) === signature.key_id);
  if (key === undefined)
    throw refused('POLICY_KEY_UNKNOWN', `no trusted key has the id \`${signature.key_id}\``);
  if (!verify(null, signedBytes(policy, covered), key, Buffer.from(value, 'base64'))) {
    throw refused('POLICY_SIGNATURE_INVALID', 'the signature does not match the policy');
  }
  if (policy.revision !== signature.revision)
    throw refused('POLICY_SIGNATURE_INVALID', 'the revision is not the one signed');
  if (parseInstant(signature.expires_at) <= trust.now)
    throw refused('POLICY_SIGNATURE_EXPIRED', `expired at ${signature.expires_at}`);
  if (signature.revision < (trust.revisionMin ?? 0)) {
    throw refused(
      'POLICY_ROLLBACK',
      `revision ${signature.revision} is older than ${trust.revisionMin ?? 0}`,
    );
  }
  return policy;
}

function signedBytes(policy: PolicyDocument, signature: Omit<PolicySignature, 'value'>): Buffer {
  // A JSON round trip drops what is undefined, so that a parsed policy and its source give the same bytes.
  const plain = JSON.parse(JSON.stringify({ policy: orderPolicy(policy), signature })) as Json;
  return Buffer.from(canonicalJson(plain));
}

function readKey(read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw refused('POLICY_SIGNATURE_INVALID', `not a key: ${errorMessage(error)}`);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw refused('POLICY_SIGNATURE_INVALID', 'not an Ed25519 key');
  return key;
}

function refused(code: PolicyErrorCode, message: string): PraxisError<PolicyErrorCode> {
  return new PraxisError<PolicyErrorCode>(code, message);
}
