import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PraxisError } from '@praxis/core';
import type { ServerConfig } from '@praxis/mcp-server';

/**
 * Refuses to start when time stamps are configured and cannot be had: an operator who asked for them must not
 * find out at the audit that there are none. Throws `TSA_CERT_UNREADABLE` when PRAXIS_TSA_CERT is no readable
 * PEM certificate, and `TSA_UNSUPPORTED` because nothing asks a time-stamping authority yet.
 */
export function assertStampingServed({ tsaUrl, tsaCert }: ServerConfig['audit']): void {
  if (tsaUrl === null) return;
  readCertificate(tsaCert);
  throw new PraxisError(
    'TSA_UNSUPPORTED',
    'PRAXIS_TSA_URL is set, and this version asks no time-stamping authority: unset it to start without time stamps',
  );
}

function readCertificate(path: string | null): X509Certificate {
  if (path === null) throw new PraxisError('TSA_CERT_UNREADABLE', 'PRAXIS_TSA_URL needs PRAXIS_TSA_CERT');
  try {
    const pem = readFileSync(path, 'utf8');
    if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error('there is no PEM certificate in it');
    return new X509Certificate(pem);
  } catch (cause) {
    throw new PraxisError('TSA_CERT_UNREADABLE', `PRAXIS_TSA_CERT ${path} is no readable PEM certificate`, {
      cause,
    });
  }
}
