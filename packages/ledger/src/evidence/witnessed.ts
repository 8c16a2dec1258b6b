import { errorMessage, systemClock } from '@praxis/core';
import { ledgerError } from '../errors.ts';
import { originLine, parseCheckpoint } from './checkpoint.ts';
import { cosignatureTime } from './cosignature.ts';
import { NOTE_CHARS_MAX, type NoteVerifier, parseVerifierKey } from './note.ts';
import { WITNESS_TIMEOUT_MS } from './witness-voucher.ts';

/** How far a witness's clock may be from ours when it says what it has seen until now, in seconds. */
export const WITNESS_FRESH_SECONDS = 300;

/**
 * Asks a witness (`serveWitness`) for the latest checkpoint it cosigned of a ledger; null when it never saw
 * that one. The answer must carry a cosignature that was made just now, so that whoever stands in between
 * cannot pass off an earlier state. Throws `LEDGER_UNREADABLE` when that cannot be had.
 */
export async function askWitness(
  url: string,
  originId: string,
  witnessKeys: readonly string[],
): Promise<string | null> {
  const origin = originLine(originId);
  const { status, text } = await get(`${url.replace(/\/+$/, '')}/latest/${encodeURIComponent(origin)}`);
  if (status === 404) return null;
  if (status !== 200) throw unreadable(`it answered with HTTP status ${status}`);
  const parsed = parseCheckpoint(text);
  if (parsed === null || parsed.checkpoint.origin !== origin)
    throw unreadable('it answered with no checkpoint of this ledger');
  const keys = witnessKeys.map(parseVerifierKey).filter((key): key is NoteVerifier => key !== null);
  const lines = text.slice(parsed.note.text.length + 1);
  const times = keys.map((key) => cosignatureTime(parsed.note.text, lines, key));
  const nowSeconds = systemClock.now() / 1_000_000;
  if (!times.some((time) => time !== null && Math.abs(time - nowSeconds) <= WITNESS_FRESH_SECONDS))
    throw unreadable('its answer has no cosignature of now by a witness that is known');
  return text;
}

async function get(url: string): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(WITNESS_TIMEOUT_MS) });
    let text = '';
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += piece;
      if (text.length > NOTE_CHARS_MAX) throw new Error('its answer is too long');
    }
    return { status: response.status, text };
  } catch (cause) {
    throw unreadable(errorMessage(cause), cause);
  }
}

function unreadable(why: string, cause?: unknown): Error {
  return ledgerError('LEDGER_UNREADABLE', `the witness cannot be asked: ${why}`, {
    cause,
    fields: { reason: 'witness' },
  });
}
