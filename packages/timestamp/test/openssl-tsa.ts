import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A time-stamping authority made with the openssl command: its files, and a server that answers with it. */
export interface OpensslTsa {
  readonly directory: string;
  readonly root: string;
  readonly leaf: string;
  readonly url: string;
  /** The DER of a TimeStampResp to a request. */
  reply(request: Uint8Array): Buffer;
}

const CONFIG = `
[req]
distinguished_name = dn
prompt = no
[dn]
CN = test
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[notcritical]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = timeStamping
[codesigning]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,codeSigning
[ts]
default_tsa = ts1
[ts1]
serial = SERIAL
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256, sha384, sha512
signer_digest = sha256
ess_cert_id_chain = no
ess_cert_id_alg = sha256
accuracy = secs:1
`;

/** Runs openssl in a directory. */
export function openssl(directory: string, args: readonly string[]): Buffer {
  return execFileSync('openssl', args, {
    cwd: directory,
    env: { ...process.env, HOME: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Makes a certificate of one of the kinds in the configuration, signed by the root. */
export function issue(directory: string, name: string, kind: string, days = 30): void {
  openssl(directory, [
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
    '-subj',
    `/CN=${name}`,
    '-config',
    'c.cnf',
  ]);
  openssl(directory, [
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    '-CA',
    'root.pem',
    '-CAkey',
    'root.key',
    '-CAcreateserial',
    '-days',
    String(days),
    '-extfile',
    'c.cnf',
    '-extensions',
    kind,
    '-out',
    `${name}.pem`,
  ]);
}

export async function anOpensslTsa(): Promise<OpensslTsa> {
  const directory = mkdtempSync(join(tmpdir(), 'praxis-tsa-'));
  writeFileSync(join(directory, 'c.cnf'), CONFIG.replace('SERIAL', join(directory, 'serial')));
  openssl(directory, [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'root.key',
    '-out',
    'root.pem',
    '-days',
    '30',
    '-subj',
    '/CN=root',
    '-config',
    'c.cnf',
    '-extensions',
    'root',
  ]);
  issue(directory, 'tsa', 'tsa');
  const reply = (request: Uint8Array): Buffer => {
    writeFileSync(join(directory, 'q'), request);
    openssl(directory, [
      'ts',
      '-reply',
      '-config',
      'c.cnf',
      '-section',
      'ts1',
      '-queryfile',
      'q',
      '-signer',
      'tsa.pem',
      '-inkey',
      'tsa.key',
      '-chain',
      'root.pem',
      '-out',
      'r',
    ]);
    return readFileSync(join(directory, 'r'));
  };
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) =>
      response.setHeader('content-type', 'application/timestamp-reply').end(reply(body)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  return {
    directory,
    root: readFileSync(join(directory, 'root.pem'), 'utf8'),
    leaf: readFileSync(join(directory, 'tsa.pem'), 'utf8'),
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsr`,
    reply,
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
