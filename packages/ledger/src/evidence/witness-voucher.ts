import { sha256Hex } from '@praxis/core';
import { ledgerError } from '../errors.ts';
import { readLinesAt } from '../query/locate.ts';
import { proveConsistency } from '../query/prove.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { verifyCosignature } from './cosignature.ts';
import type { Voucher } from './evidence.ts';
import { evidenceEntry } from './evidence-entry.ts';
import { parseVerifierKey } from './note.ts';

/** How long a witness may take, in milliseconds. */
export const WITNESS_TIMEOUT_MS = 10_000;
/** How often a witness may say that it knows another size before it is left for later. */
const CONFLICTS_MAX = 3;

/** Which witness to ask, about which log. Whatever it answers counts only when its cosignature verifies. */
export interface WitnessVoucherOptions {
  /** The witness's base URL; `/add-checkpoint` is below it. */
  readonly url: string;
  /** The witness's verifier key. */
  readonly verifierKey: string;
  /** The log, for consistency proofs. */
  readonly path: string;
  /** How to post. Default: the runtime's `fetch`; the operator names the witness, so it is not screened. */
  readonly post?: (url: string, body: string) => Promise<{ readonly status: number; readonly text: string }>;
}

/** A voucher that has checkpoints cosigned by a witness (C2SP tlog-witness). */
export function witnessVoucher(options: WitnessVoucherOptions): Voucher {
  const witness = parseVerifierKey(options.verifierKey);
  if (witness === null || witness.type !== 'cosignature') {
    throw ledgerError('LEDGER_UNWRITABLE', 'this is no verifier key of a witness', {
      fields: { reason: 'witness' },
    });
  }
  const post = options.post ?? postWithFetch;
  let known = 0;
  return {
    name: `witness ${witness.name}`,
    async vouch(note, size) {
      for (let attempt = 0; attempt < CONFLICTS_MAX; attempt += 1) {
        if (known > size) {
          // It has cosigned a later one already, which covers this; unless that is one this log does not have.
          await readLinesAt(options.path, known - 1, 1);
          return null;
        }
        const proof = await proveConsistency(options.path, known, size);
        const body = `old ${known}\n${proof.map((hash) => `${hash}\n`).join('')}\n${note}`;
        const { status, text } = await post(`${options.url.replace(/\/+$/, '')}/add-checkpoint`, body);
        if (status === 200) {
          known = size;
          const signed = parseCheckpoint(note)?.note.text ?? '';
          if (verifyCosignature(signed, text, witness) !== 'valid')
            throw new Error('its cosignature does not verify');
          return evidenceEntry('cosignature', { note_sha256: sha256Hex(note), lines: text });
        }
        const told = /^(\d{1,16})\n?$/.exec(text)?.[1];
        if (status !== 409 || told === undefined) throw new Error(`it answered with HTTP status ${status}`);
        known = Number(told);
      }
      throw new Error('it keeps naming another size');
    },
  };
}

async function postWithFetch(url: string, body: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(WITNESS_TIMEOUT_MS),
  });
  return { status: response.status, text: await response.text() };
}
