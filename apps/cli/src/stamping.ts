import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PraxisError } from '@praxis/core';
import type { Voucher } from '@praxis/ledger';
import type { ServerConfig } from '@praxis/mcp-server';
import { resolveWithDns } from '@praxis/screen';
import { rfc3161Stamper, type TimestampTrust } from '@praxis/timestamp';

/**
 * Who stamps the checkpoints: the authority of PRAXIS_TSA_URL, trusted through PRAXIS_TSA_CERT; none without a
 * URL. An operator who asked for time stamps must not find out at the audit that there are none, so a certificate
 * that cannot be read is refused: `TSA_CERT_UNREADABLE`.
 */
export function stampersOf({ audit, egressAllow }: ServerConfig): readonly Voucher[] {
  if (audit.tsaUrl === null) return [];
  const trust = timestampTrust(audit.tsaCert);
  return [
    rfc3161Stamper({ url: audit.tsaUrl, trust, fetch: { resolve: resolveWithDns, allow: egressAllow } }),
  ];
}

/** The certificates in a PEM file: roots, or the signer's own. Throws `TSA_CERT_UNREADABLE`. */
export function timestampTrust(path: string | null): TimestampTrust {
  if (path === null) throw new PraxisError('TSA_CERT_UNREADABLE', 'PRAXIS_TSA_URL needs PRAXIS_TSA_CERT');
  try {
    const certificates = readFileSync(path, 'utf8').match(PEM_CERTIFICATE) ?? [];
    if (certificates.length === 0) throw new Error('there is no PEM certificate in it');
    for (const pem of certificates) new X509Certificate(pem);
    return { certificates };
  } catch (cause) {
    throw new PraxisError('TSA_CERT_UNREADABLE', `PRAXIS_TSA_CERT ${path} is no readable PEM certificate`, {
      cause,
    });
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
