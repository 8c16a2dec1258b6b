import { REDACTED } from './marker.ts';
import { redactStructure } from './structure.ts';
import { redactString } from './text.ts';

/** JSON inside a string is parsed only up to this length; longer text is redacted as text. */
export const JSON_CHARS_MAX = 8_388_608;

/** JSON inside JSON is parsed this deep. */
export const JSON_DEPTH_MAX = 6;

/**
 * A redacted, JSON-safe copy of any value: every secret is replaced by {@link REDACTED}, everything else stays.
 * Secrets are known by the name of their key, by their own shape, and by what stands beside them; encodings are
 * followed. Never throws; bounded in depth, nodes and characters, and what lies beyond a bound is dropped.
 * Idempotent: redacting the answer again changes nothing.
 */
export function redact(value: unknown): unknown {
  try {
    return redactStructure(value, redactText);
  } catch {
    // Only a fault of this code or an exhausted stack gets here: show nothing.
    return REDACTED;
  }
}

/** The rules of {@link redact} on one string. Never throws. */
export function redactText(text: string): string {
  try {
    return redactString(text, 0, redactJson);
  } catch {
    // As above: a fault here must not show what it was about to hide.
    return REDACTED;
  }
}

function redactJson(text: string, depth: number): string | null {
  if (depth >= JSON_DEPTH_MAX || text.length > JSON_CHARS_MAX) return null;
  const document = parseDocument(text);
  if (document === undefined) return null;
  const redacted = redactStructure(document, (inner) => redactString(inner, depth + 1, redactJson));
  const before = JSON.stringify(document);
  const after = JSON.stringify(redacted);
  return before === after ? null : after;
}

// Only objects, lists and quoted strings: a bare number or word is text.
function parseDocument(text: string): unknown {
  const trimmed = text.trim();
  if (!/^(?:\{[^]*\}|\[[^]*\]|"[^]*")$/.test(trimmed)) return undefined;
  try {
    return JSON.parse(trimmed) as unknown;
  } catch {
    // Not JSON after all: the text rules apply.
    return undefined;
  }
}
