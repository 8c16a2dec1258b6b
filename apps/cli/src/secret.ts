import { readSync } from 'node:fs';
import { cancel, isCancel, password } from '@clack/prompts';
import { PraxisError } from '@praxis/core';
import { OPERATOR_SECRET_LENGTH_MAX } from '@praxis/gate';

const SECRET_BYTES_MAX: number = OPERATOR_SECRET_LENGTH_MAX * 4;

/** How a command was told to get the operator secret. */
export interface SecretOptions {
  readonly secretFd?: string;
}

/**
 * The operator secret: from the file descriptor that `--secret-fd` names, else typed on the terminal, unseen.
 * `null` when there is neither; a secret is never taken from arguments or the environment, where others see it.
 */
export async function readSecret(options: SecretOptions, question: string): Promise<string | null> {
  if (options.secretFd !== undefined) return secretFromFd(options.secretFd);
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  const typed = await password({ message: question, output: process.stderr });
  if (isCancel(typed)) {
    cancel('nothing was done', { output: process.stderr });
    throw new PraxisError('USAGE', 'cancelled');
  }
  return typed;
}

/** Reads to the end of the descriptor; one trailing line break is not part of the secret. */
export function secretFromFd(fdText: string): string {
  if (!/^\d{1,5}$/.test(fdText))
    throw new PraxisError('USAGE', '--secret-fd takes the number of an open file descriptor');
  const bytes = Buffer.alloc(SECRET_BYTES_MAX + 1);
  let lengthBytes = 0;
  for (;;) {
    const read = readChunk(Number(fdText), bytes, lengthBytes);
    if (read === 0) break;
    lengthBytes += read;
    if (lengthBytes > SECRET_BYTES_MAX) throw new PraxisError('USAGE', 'the secret is too long');
  }
  return bytes
    .subarray(0, lengthBytes)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function readChunk(fd: number, bytes: Buffer, offset: number): number {
  for (;;) {
    try {
      return readSync(fd, bytes, offset, bytes.length - offset, null);
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : '';
      if (code === 'EOF') return 0;
      // A pipe without a writer's bytes yet: look again, it is about to come.
      if (code === 'EAGAIN') {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        continue;
      }
      throw new PraxisError('USAGE', `file descriptor ${fd} cannot be read`, { cause });
    }
  }
}
