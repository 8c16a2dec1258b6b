import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PraxisError } from '@praxis/core';
import { type Voucher, witnessVoucher } from '@praxis/ledger';
import type { ServerConfig } from '@praxis/mcp-server';
import { resolveWithDns } from '@praxis/screen';
import { rfc3161Stamper, type TimestampTrust } from '@praxis/timestamp';

/**
 * Who vouches for the checkpoints: the authority of PRAXIS_TSA_URL, trusted through PRAXIS_TSA_CERT, and the
 * witnesses. An operator who asked for them must not find out at the audit that there are none, so what cannot
 * work is refused: `TSA_CERT_UNREADABLE`, and `LEDGER_UNWRITABLE` for a witness key that is none.
 */
export function vouchersOf({ audit, egressAllow }: ServerConfig): readonly Voucher[] {
  const witnesses = audit.witnesses.map((witness) => witnessVoucher({ ...witness, path: audit.path }));
  if (audit.tsaUrl === null) return witnesses;
  const trust = timestampTrust(audit.tsaCert);
  const fetch = { resolve: resolveWithDns, allow: egressAllow };
  return [rfc3161Stamper({ url: audit.tsaUrl, trust, fetch }), ...witnesses];
}

/** The certificates in a PEM file: roots, or the signer's own. Throws `TSA_CERT_UNREADABLE`. */
export function timestampTrust(path: string | null): TimestampTrust {
  if (path === null) throw new PraxisError('TSA_CERT_UNREADABLE', 'PRAXIS_TSA_URL needs PRAXIS_TSA_CERT');
  try {
    const certificates = readFileSync(path, 'utf8').match(PEM_CERTIFICATE) ?? [];
    if (certificates.length === 0) throw new Error('there is no PEM certificate in it');
    // A certificate that does not parse throws here, at start, and not at the first stamp.
    return { certificates: certificates.map((pem) => new X509Certificate(pem).toString()) };
  } catch (cause) {
    throw new PraxisError('TSA_CERT_UNREADABLE', `PRAXIS_TSA_CERT ${path} is no readable PEM certificate`, {
      cause,
    });
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
