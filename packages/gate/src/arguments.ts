import { errorCode, type Json, sha256Hex } from '@praxis/core';
import { redact } from '@praxis/screen';

/** What the ledger keeps of a call's arguments: a redacted copy, and a digest and length of the raw text. */
export interface ArgumentRecord {
  readonly redacted: Json;
  readonly sha256: string;
  readonly lengthBytes: number;
  /** False when the arguments could not be made safe to keep; the call must then be refused. */
  readonly ok: boolean;
}

/** Stands where arguments could not be redacted. */
const ARGUMENTS_WITHHELD = '[arguments withheld: redaction failed]';

/** Never throws: arguments that resist are replaced whole, and the call is refused by the step after. */
export function recordArguments(args: unknown): ArgumentRecord {
  try {
    const raw = JSON.stringify(args) ?? 'null';
    return {
      redacted: toJson(redact(args)),
      sha256: sha256Hex(raw.toWellFormed()),
      lengthBytes: Buffer.byteLength(raw, 'utf8'),
      ok: true,
    };
  } catch (error) {
    const placeholder = `${ARGUMENTS_WITHHELD} (${errorCode(error)})`;
    return { redacted: placeholder, sha256: sha256Hex(placeholder), lengthBytes: 0, ok: false };
  }
}

function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value ?? null)) as Json;
}
