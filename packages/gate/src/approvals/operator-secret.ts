import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { Clock } from '@praxis/core';
import { z } from 'zod';
import { GateError } from '../errors.ts';

/** The shortest secret an operator may choose, in characters. */
export const OPERATOR_SECRET_LENGTH_MIN = 8;
/** The longest secret accepted, in characters. */
export const OPERATOR_SECRET_LENGTH_MAX = 1024;
/** Wrong secrets in a row before further tries are refused for `LOCKOUT_MS`. */
export const OPERATOR_ATTEMPTS_MAX = 5;
/** How long every try is refused after too many wrong secrets, in milliseconds. */
export const LOCKOUT_MS = 60_000;

// RFC 7914 parameters: 64 MiB and about 0.2 s a try on a small server.
const SCRYPT = { N: 65_536, r: 8, p: 1, maxmem: 128 * 1024 * 1024 } as const;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/** What is kept of a secret: an scrypt hash with its parameters, and whose secret it is. */
export interface StoredOperatorSecret {
  readonly v: 1;
  readonly kdf: 'scrypt';
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly salt: string;
  readonly hash: string;
  readonly operator: string;
}

const storedSchema: z.ZodType<StoredOperatorSecret> = z.strictObject({
  v: z.literal(1),
  kdf: z.literal('scrypt'),
  n: z.literal(SCRYPT.N),
  r: z.literal(SCRYPT.r),
  p: z.literal(SCRYPT.p),
  salt: z.base64(),
  hash: z.base64(),
  operator: z.string().min(1).max(128),
});

/** Derives what is kept of a secret. Throws `OPERATOR_SECRET_WEAK` for one that is too short or too long. */
export async function hashOperatorSecret(secret: string, operator: string): Promise<StoredOperatorSecret> {
  if (secret.length < OPERATOR_SECRET_LENGTH_MIN || secret.length > OPERATOR_SECRET_LENGTH_MAX) {
    throw new GateError(
      'OPERATOR_SECRET_WEAK',
      `an operator secret has ${OPERATOR_SECRET_LENGTH_MIN} to ${OPERATOR_SECRET_LENGTH_MAX} characters`,
    );
  }
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(secret, salt);
  return {
    v: 1,
    kdf: 'scrypt',
    n: SCRYPT.N,
    r: SCRYPT.r,
    p: SCRYPT.p,
    salt: salt.toString('base64'),
    hash: hash.toString('base64'),
    operator,
  };
}

/** Writes the hash owner-only and atomically (temporary file, fsync, rename). */
export function saveOperatorSecret(path: string, stored: StoredOperatorSecret): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const fd = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(fd, `${JSON.stringify(stored)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}

/** The stored hash, or `null` when no operator was initialised. Throws `OPERATOR_SECRET_UNREADABLE`. */
export function loadOperatorSecret(path: string): StoredOperatorSecret | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw unreadable(path, cause);
  }
  try {
    return storedSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/**
 * Checks secrets against one stored hash, held in memory so that a file swapped under a running server
 * changes nothing. After `OPERATOR_ATTEMPTS_MAX` wrong ones in a row every try is refused for `LOCKOUT_MS`.
 */
export class OperatorVerifier {
  readonly #stored: StoredOperatorSecret | null;
  readonly #clock: Clock;
  #failures = 0;
  #lockedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(stored: StoredOperatorSecret | null, clock: Clock) {
    this.#stored = stored;
    this.#clock = clock;
  }

  get initialised(): boolean {
    return this.#stored !== null;
  }

  /**
   * The operator's name when the secret is right. Throws `OPERATOR_NOT_INITIALISED`,
   * `OPERATOR_SECRET_LOCKED_OUT` or `OPERATOR_SECRET_WRONG`.
   */
  async verify(secret: string): Promise<string> {
    if (this.#stored === null) {
      throw new GateError(
        'OPERATOR_NOT_INITIALISED',
        'no operator secret is set: run `praxis operator init`',
      );
    }
    if (this.#clock.monotonicMs() < this.#lockedUntilMs) {
      throw new GateError('OPERATOR_SECRET_LOCKED_OUT', 'too many wrong secrets: wait a minute');
    }
    // Counted before the slow derivation, so that tries made at the same time count too.
    this.#failures += 1;
    if (this.#failures >= OPERATOR_ATTEMPTS_MAX) {
      this.#lockedUntilMs = this.#clock.monotonicMs() + LOCKOUT_MS;
      this.#failures = 0;
    }
    if (!(await matches(secret, this.#stored))) {
      throw new GateError('OPERATOR_SECRET_WRONG', 'that is not the operator secret');
    }
    this.#failures = 0;
    this.#lockedUntilMs = Number.NEGATIVE_INFINITY;
    return this.#stored.operator;
  }
}

async function matches(secret: string, stored: StoredOperatorSecret): Promise<boolean> {
  if (secret.length > OPERATOR_SECRET_LENGTH_MAX) return false;
  const hash = await derive(secret, Buffer.from(stored.salt, 'base64'));
  const wanted = Buffer.from(stored.hash, 'base64');
  return wanted.length === hash.length && timingSafeEqual(hash, wanted);
}

function derive(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret.normalize('NFC'), salt, KEY_BYTES, SCRYPT, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

function unreadable(path: string, cause: unknown): GateError {
  return new GateError('OPERATOR_SECRET_UNREADABLE', `the operator secret at ${path} cannot be read`, {
    cause,
  });
}
