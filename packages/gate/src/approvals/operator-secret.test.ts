import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fakeClock, makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';
import {
  hashOperatorSecret,
  LOCKOUT_MS,
  loadOperatorSecret,
  OPERATOR_ATTEMPTS_MAX,
  OPERATOR_SECRET_LENGTH_MAX,
  OPERATOR_SECRET_LENGTH_MIN,
  OperatorVerifier,
  saveOperatorSecret,
} from './operator-secret.ts';

const SECRET = 'correct horse battery';

describe('operator secret', () => {
  it('is kept as an owner-only hash that does not contain it', async () => {
    using dir = makeTempDir();
    const path = join(dir.path, 'operator.json');
    saveOperatorSecret(path, await hashOperatorSecret(SECRET, 'anna'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const stored = loadOperatorSecret(path);
    expect(JSON.stringify(stored)).not.toContain(SECRET);
    await expect(new OperatorVerifier(stored, fakeClock()).verify(SECRET)).resolves.toBe('anna');
  });

  it('accepts lengths at the bounds and refuses one past them', async () => {
    const hashed = await hashOperatorSecret('x'.repeat(OPERATOR_SECRET_LENGTH_MIN), 'anna');
    expect(hashed.kdf).toBe('scrypt');
    for (const length of [OPERATOR_SECRET_LENGTH_MIN - 1, OPERATOR_SECRET_LENGTH_MAX + 1]) {
      await expect(hashOperatorSecret('x'.repeat(length), 'anna')).rejects.toMatchObject({
        code: 'OPERATOR_SECRET_WEAK',
      });
    }
  });

  it('is absent when there is no file, and an error when the file is not one', async () => {
    using dir = makeTempDir();
    expect(loadOperatorSecret(join(dir.path, 'none'))).toBeNull();
    writeFileSync(join(dir.path, 'bad'), '{"v":1}');
    expect(() => loadOperatorSecret(join(dir.path, 'bad'))).toThrowError(
      expect.objectContaining({ code: 'OPERATOR_SECRET_UNREADABLE' }),
    );
  });

  it('grants nothing when no operator was initialised', async () => {
    await expect(new OperatorVerifier(null, fakeClock()).verify('')).rejects.toMatchObject({
      code: 'OPERATOR_NOT_INITIALISED',
    });
  });

  it('locks out after too many wrong secrets, also the right one, and opens again', async () => {
    const clock = fakeClock();
    const verifier = new OperatorVerifier(await hashOperatorSecret(SECRET, 'anna'), clock);
    for (let attempt = 0; attempt < OPERATOR_ATTEMPTS_MAX; attempt += 1) {
      await expect(verifier.verify('wrong one')).rejects.toMatchObject({ code: 'OPERATOR_SECRET_WRONG' });
    }
    await expect(verifier.verify(SECRET)).rejects.toMatchObject({ code: 'OPERATOR_SECRET_LOCKED_OUT' });
    clock.advance(LOCKOUT_MS);
    await expect(verifier.verify(SECRET)).resolves.toBe('anna');
  });
});
