import { readFile, writeFile } from 'node:fs/promises';
import { PraxisError, systemClock } from '@praxis/core';
import {
  generatePolicyKey,
  loadPolicy,
  parsePolicyData,
  readPolicyText,
  signPolicy,
  verifySignedPolicy,
} from '@praxis/policy';
import { EXIT, failWith } from '../exit.ts';
import { wholeNumber } from '../whole-number.ts';

/** Longest time a signature may hold, in days. */
const DAYS_MAX = 3650;
const MICROSECONDS_PER_DAY = 86_400_000_000;
const REFUSALS: ReadonlySet<string> = new Set([
  'POLICY_INVALID',
  'POLICY_KEY_UNKNOWN',
  'POLICY_SIGNATURE_INVALID',
  'POLICY_SIGNATURE_EXPIRED',
  'POLICY_ROLLBACK',
]);

/** `praxis policy keygen`. Refuses to replace a key. */
export async function makeKey(prefix: string): Promise<void> {
  const { keyId, publicKeyPem, privateKeyPem } = generatePolicyKey();
  await writeFile(`${prefix}.key`, privateKeyPem, { mode: 0o600, flag: 'wx' });
  await writeFile(`${prefix}.pub`, publicKeyPem, { flag: 'wx' });
  console.log(`${keyId} ${prefix}.key ${prefix}.pub`);
}

/** `praxis policy sign`. */
export async function signFile(
  file: string,
  options: { key: string; days: string; out?: string },
): Promise<void> {
  const days = wholeNumber(options.days, 1, DAYS_MAX, '--days');
  const signedAt = systemClock.now();
  const privateKeyPem = await readFile(options.key, 'utf8');
  const expiresAt = signedAt + days * MICROSECONDS_PER_DAY;
  const bundle = signPolicy(await loadPolicy(file), { privateKeyPem, signedAt, expiresAt });
  const text = `${JSON.stringify(bundle, null, 2)}\n`;
  if (options.out === undefined) process.stdout.write(text);
  else await writeFile(options.out, text);
}

/** `praxis policy verify`: exit 0 when the bundle may be used, 1 when not. */
export async function verifyFile(
  file: string,
  options: { key: string[]; minRevision: string },
): Promise<void> {
  const publicKeysPem = await Promise.all(options.key.map((key) => readFile(key, 'utf8')));
  const revisionMin = wholeNumber(options.minRevision, 0, Number.MAX_SAFE_INTEGER, '--min-revision');
  const bundle = parsePolicyData(await readPolicyText(file), file);
  try {
    const policy = verifySignedPolicy(bundle, { publicKeysPem, now: systemClock.now(), revisionMin });
    console.log(`${file}: revision ${policy.revision ?? 0}, ${policy.rules.length} rules`);
  } catch (error) {
    failWith(error);
    if (error instanceof PraxisError && REFUSALS.has(error.code)) process.exitCode = EXIT.no;
  }
}
