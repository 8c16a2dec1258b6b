import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCode, sha256Hex } from '@praxis/core';
import { z } from 'zod';
import { ledgerError } from '../errors.ts';
import { syncDirectory } from '../log/log-file.ts';
import { nodeFromHex, nodeToHex } from '../tree/node-hash.ts';
import type { WitnessedState, WitnessStore } from './witness.ts';

const storedSchema = z.strictObject({
  size: z.int().min(0),
  root: z.string().regex(/^[0-9a-f]{64}$/),
  note: z.string(),
});

const EXTENSION = '.json';

/**
 * A witness store of one small file per log, written whole and synced before `put` returns. A file that
 * is damaged throws `LEDGER_CORRUPT`: a witness that took it for an unknown log could be led to cosign a fork.
 */
export function fileWitnessStore(directory: string): WitnessStore {
  const pathOf = (origin: string): string => join(directory, `${sha256Hex(origin)}${EXTENSION}`);
  return {
    get: (origin) => readState(pathOf(origin)),
    put(origin, { size, root, note }): void {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const path = pathOf(origin);
      const fd = openSync(`${path}.new`, 'w', 0o600);
      try {
        writeFileSync(fd, JSON.stringify({ size, root: nodeToHex(root), note }));
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(`${path}.new`, path);
      syncDirectory(directory);
    },
  };
}

/** The latest checkpoint of every log in a file store, in the order of the files' names. */
export function witnessedNotesIn(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith(EXTENSION));
  return names.sort().flatMap((name) => readState(join(directory, name))?.note ?? []);
}

function readState(path: string): WitnessedState | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  const stored = storedSchema.safeParse(parseJson(text));
  if (!stored.success) {
    throw ledgerError('LEDGER_CORRUPT', `what the witness remembers in \`${path}\` cannot be read`, {
      fields: { path, reason: 'witness_state' },
    });
  }
  const { size, root, note } = stored.data;
  return { size, root: nodeFromHex(root), note };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is not JSON fits no schema either.
    return null;
  }
}
