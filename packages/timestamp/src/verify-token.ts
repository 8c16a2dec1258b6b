import { createHash, X509Certificate } from 'node:crypto';
import { errorMessage, formatInstant, instantFromEpochMs, sha256 } from '@praxis/core';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { timestampError } from './errors.ts';
import { DIGESTS, OID } from './oids.ts';
import { toArrayBuffer } from './request.ts';

/** The largest token that is read, in bytes. */
export const TOKEN_BYTES_MAX = 131_072;

/** Whom to believe. */
export interface TimestampTrust {
  /** Certificates in PEM: roots to which the signer must chain, or the signer's own to pin it. */
  readonly certificates: readonly string[];
  /** The policies that may be named (object identifiers); any, when absent. */
  readonly policies?: readonly string[] | undefined;
}

/** What a token that verifies says. */
export interface Timestamp {
  /** ISO 8601, UTC, microseconds. */
  readonly time: string;
  readonly policy: string;
  readonly serialNumber: string;
}

/**
 * Verifies an RFC 3161 token over data: content type, one signer, digest and signature, imprint algorithm and hash, the
 * nonce if one is expected, policy, an extended key usage that is critical and exactly timeStamping, the
 * signing-certificate attribute, and the chain to a given root (or the pinned signer itself), all valid at the time of
 * stamping. Throws a `TIMESTAMP_…` code that says which of these does not hold.
 */
export async function verifyToken(
  token: Uint8Array,
  data: Uint8Array,
  trust: TimestampTrust,
  nonce?: string,
): Promise<Timestamp> {
  const { signedData, info } = parseToken(token);
  checkImprint(info, data);
  if (nonce !== undefined && nonceOf(info) !== nonce) {
    throw timestampError('TIMESTAMP_NONCE', 'the token repeats another nonce than the request had');
  }
  if (trust.policies !== undefined && !trust.policies.includes(info.policy)) {
    throw timestampError('TIMESTAMP_POLICY', `the token was made under policy ${info.policy}`);
  }
  checkSignerInfo(signedData);
  const signer = await verifySignature(signedData, info, data, trust);
  checkUsage(signer);
  checkSigningCertificate(signedData, signer);
  return {
    time: formatInstant(instantFromEpochMs(info.genTime.getTime())),
    policy: info.policy,
    serialNumber: Buffer.from(info.serialNumber.valueBlock.valueHexView).toString('hex'),
  };
}

function parseToken(token: Uint8Array): { signedData: pkijs.SignedData; info: pkijs.TSTInfo } {
  if (token.length > TOKEN_BYTES_MAX) throw malformed('it is larger than any token');
  try {
    const contentInfo = pkijs.ContentInfo.fromBER(toArrayBuffer(token));
    if (contentInfo.contentType !== OID.signedData) throw malformed('it is no signed data');
    const signedData = new pkijs.SignedData({ schema: contentInfo.content });
    const { eContentType, eContent } = signedData.encapContentInfo;
    if (eContentType !== OID.tstInfo || eContent === undefined) throw malformed('it does not hold a TSTInfo');
    const info = pkijs.TSTInfo.fromBER(eContent.getValue());
    if (info.version !== 1) throw malformed(`its version is ${info.version}`);
    return { signedData, info };
  } catch (cause) {
    throw cause instanceof Error && 'code' in cause ? cause : malformed(errorMessage(cause), cause);
  }
}

function checkImprint(info: pkijs.TSTInfo, data: Uint8Array): void {
  const { hashAlgorithm, hashedMessage } = info.messageImprint;
  const imprint = Buffer.from(hashedMessage.valueBlock.valueHexView);
  if (hashAlgorithm.algorithmId !== OID.sha256 || !imprint.equals(sha256(data))) {
    throw timestampError('TIMESTAMP_IMPRINT', 'the token is about other data');
  }
}

function nonceOf(info: pkijs.TSTInfo): string | null {
  return info.nonce === undefined ? null : Buffer.from(info.nonce.valueBlock.valueHexView).toString('hex');
}

/** Exactly one signer, a digest that is not broken, and the signed attributes that bind content and type. */
function checkSignerInfo(signedData: pkijs.SignedData): void {
  const [signerInfo, second] = signedData.signerInfos;
  if (signerInfo === undefined || second !== undefined) {
    throw timestampError('TIMESTAMP_SIGNATURE', 'a token has exactly one signer');
  }
  const digest = DIGESTS.get(signerInfo.digestAlgorithm.algorithmId);
  if (digest === undefined)
    throw timestampError('TIMESTAMP_SIGNATURE', 'the signer uses a digest that is not accepted');
  const contentType = singleValue(signerInfo, OID.contentType);
  if (
    !(contentType instanceof asn1js.ObjectIdentifier) ||
    contentType.valueBlock.toString() !== OID.tstInfo
  ) {
    throw timestampError('TIMESTAMP_SIGNATURE', 'the signed attributes do not name the content type');
  }
  const messageDigest = singleValue(signerInfo, OID.messageDigest);
  const content = signedData.encapContentInfo.eContent?.getValue() ?? new ArrayBuffer(0);
  const expected = createHash(digest).update(Buffer.from(content)).digest();
  if (
    !(messageDigest instanceof asn1js.OctetString) ||
    !expected.equals(Buffer.from(messageDigest.valueBlock.valueHexView))
  ) {
    throw timestampError('TIMESTAMP_SIGNATURE', 'the signed attributes do not bind the content');
  }
}

/** The value of a signed attribute that must occur once, with one value. */
function singleValue(signerInfo: pkijs.SignerInfo, type: string): unknown {
  const attributes = (signerInfo.signedAttrs?.attributes ?? []).filter(
    (attribute) => attribute.type === type,
  );
  const values: readonly unknown[] = attributes[0]?.values ?? [];
  return attributes.length === 1 && values.length === 1 ? values[0] : undefined;
}

async function verifySignature(
  signedData: pkijs.SignedData,
  info: pkijs.TSTInfo,
  data: Uint8Array,
  trust: TimestampTrust,
): Promise<pkijs.Certificate> {
  const trusted = trust.certificates.map(readCertificate);
  const signer = signerIn(signedData, trusted);
  const pinned = trusted.some((certificate) => der(certificate).equals(der(signer)));
  // The signer may leave its certificate out when the verifier is known to have it.
  if (!holds(signedData, signer)) signedData.certificates = [...(signedData.certificates ?? []), signer];
  checkValidity(signer, info.genTime);
  try {
    const result = await signedData.verify({
      signer: 0,
      data: toArrayBuffer(data),
      trustedCerts: trusted,
      checkChain: !pinned,
      checkDate: info.genTime,
      extendedMode: true,
    });
    if (result.signatureVerified !== true) throw new Error(result.message);
    if (!pinned && result.signerCertificateVerified !== true) throw new Error(result.message);
  } catch (cause) {
    const chain =
      typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === CHAIN_FAILED;
    throw chain
      ? timestampError('TIMESTAMP_CHAIN', 'the signer does not chain to a trusted certificate', cause)
      : timestampError('TIMESTAMP_SIGNATURE', 'the signature does not verify', cause);
  }
  return signer;
}

/** The code pkijs gives when the certificate chain was not verified. */
const CHAIN_FAILED = 5;

/** The certificate that the signer info names by issuer and serial number, or by key identifier. */
function signerIn(signedData: pkijs.SignedData, trusted: readonly pkijs.Certificate[]): pkijs.Certificate {
  const sid: unknown = signedData.signerInfos[0]?.sid;
  const candidates = [...(signedData.certificates ?? []), ...trusted].filter(
    (candidate): candidate is pkijs.Certificate => candidate instanceof pkijs.Certificate,
  );
  const found = candidates.find((certificate) => {
    if (!(sid instanceof pkijs.IssuerAndSerialNumber)) return false;
    return certificate.issuer.isEqual(sid.issuer) && certificate.serialNumber.isEqual(sid.serialNumber);
  });
  if (found === undefined)
    throw timestampError('TIMESTAMP_CERTIFICATE', "the signer's certificate is not there");
  return found;
}

function holds(signedData: pkijs.SignedData, certificate: pkijs.Certificate): boolean {
  return (signedData.certificates ?? []).some(
    (candidate) => candidate instanceof pkijs.Certificate && der(candidate).equals(der(certificate)),
  );
}

function checkValidity(certificate: pkijs.Certificate, at: Date): void {
  if (at < certificate.notBefore.value || at > certificate.notAfter.value) {
    throw timestampError('TIMESTAMP_CHAIN', "the signer's certificate was not valid at the time of stamping");
  }
}

/** RFC 3161 §2.3: the usage is critical and timeStamping, and nothing else. */
function checkUsage(certificate: pkijs.Certificate): void {
  const extensions = (certificate.extensions ?? []).filter(
    (extension) => extension.extnID === OID.extendedKeyUsage,
  );
  const usage: unknown = extensions[0]?.parsedValue;
  const purposes = usage instanceof pkijs.ExtKeyUsage ? usage.keyPurposes : [];
  const good = extensions.length === 1 && extensions[0]?.critical === true && purposes.length === 1;
  if (!good || purposes[0] !== OID.timeStamping) {
    throw timestampError('TIMESTAMP_USAGE', "the signer's certificate is not one for time stamping alone");
  }
}

/** RFC 3161 §2.4.2, RFC 5816: the first certificate named is the signer's. */
function checkSigningCertificate(signedData: pkijs.SignedData, signer: pkijs.Certificate): void {
  const signerInfo = signedData.signerInfos[0];
  const v2 = signerInfo === undefined ? undefined : singleValue(signerInfo, OID.signingCertificateV2);
  const v1 = signerInfo === undefined ? undefined : singleValue(signerInfo, OID.signingCertificate);
  const named = v2 === undefined ? essCertId(v1, 'sha1') : essCertId(v2, 'sha256');
  if (named === null || !createHash(named.algorithm).update(der(signer)).digest().equals(named.hash)) {
    throw timestampError('TIMESTAMP_SIGNING_CERTIFICATE', "the token does not name its signer's certificate");
  }
}

/** `SigningCertificate ::= SEQUENCE { certs SEQUENCE OF SEQUENCE { [hashAlgorithm], certHash, … }, … }` */
function essCertId(value: unknown, fallback: 'sha1' | 'sha256'): { algorithm: string; hash: Buffer } | null {
  const certs = value instanceof asn1js.Sequence ? value.valueBlock.value[0] : undefined;
  const first = certs instanceof asn1js.Sequence ? certs.valueBlock.value[0] : undefined;
  const parts = first instanceof asn1js.Sequence ? first.valueBlock.value : [];
  const named = parts[0] instanceof asn1js.Sequence ? parts[0].valueBlock.value[0] : undefined;
  const hash = parts[named === undefined ? 0 : 1];
  if (!(hash instanceof asn1js.OctetString)) return null;
  const algorithm =
    named instanceof asn1js.ObjectIdentifier ? DIGESTS.get(named.valueBlock.toString()) : fallback;
  return algorithm === undefined ? null : { algorithm, hash: Buffer.from(hash.valueBlock.valueHexView) };
}

function readCertificate(pem: string): pkijs.Certificate {
  try {
    return pkijs.Certificate.fromBER(toArrayBuffer(new X509Certificate(pem).raw));
  } catch (cause) {
    throw timestampError('TSA_TRUST_UNREADABLE', 'what should be trusted is no certificate', cause);
  }
}

function der(certificate: pkijs.Certificate): Buffer {
  return Buffer.from(certificate.toSchema().toBER());
}

function malformed(why: string, cause?: unknown): Error {
  return timestampError('TIMESTAMP_MALFORMED', `this is no time-stamp token: ${why}`, cause);
}
