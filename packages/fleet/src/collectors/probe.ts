import { type CollectError, type CollectorParser, observed } from './telemetry.ts';

/** The caps of one probe: pairs, characters per key, characters per value. */
export const PROBE_PAIRS_MAX = 4096;
export const PROBE_KEY_LENGTH_MAX = 256;
export const PROBE_VALUE_LENGTH_MAX = 8192;

/**
 * Lines of `KEY=VALUE` or `key: value`; whichever separator comes first counts. `#` starts a comment
 * line. The result is always one flat map of strings; a later line for the same key wins. What
 * exceeds a cap is cut (value), skipped (key) or left out (pairs), and said so in an error.
 */
export const parseProbe: CollectorParser = ({ subject, predicate, raw }) => {
  const pairs = new Map<string, string>();
  const limits = new Set<string>();
  for (const line of linesOf(raw)) {
    const pair = parsePair(line);
    if (pair === null) continue;
    if (pair.key.length > PROBE_KEY_LENGTH_MAX) {
      limits.add(`a key longer than ${PROBE_KEY_LENGTH_MAX} characters was skipped`);
      continue;
    }
    if (!pairs.has(pair.key) && pairs.size >= PROBE_PAIRS_MAX) {
      limits.add(`only the first ${PROBE_PAIRS_MAX} pairs were kept`);
      continue;
    }
    if (pair.value.length > PROBE_VALUE_LENGTH_MAX) {
      limits.add(`a value was cut at ${PROBE_VALUE_LENGTH_MAX} characters`);
    }
    pairs.set(pair.key, pair.value.slice(0, PROBE_VALUE_LENGTH_MAX).toWellFormed());
  }
  const errors: CollectError[] = [...limits].map((message) => ({ code: 'limit_reached', message }));
  return { facts: [observed(subject, predicate ?? 'probe', Object.fromEntries(pairs))], typed: [], errors };
};

function parsePair(line: string): { key: string; value: string } | null {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return null;
  const equals = text.indexOf('=');
  const colon = text.indexOf(':');
  const at = equals < 0 || (colon >= 0 && colon < equals) ? colon : equals;
  if (at <= 0) return null;
  const key = text.slice(0, at).trim().toWellFormed();
  return key === '' ? null : { key, value: text.slice(at + 1).trim() };
}

/** The lines of a text, ended by LF, CRLF or CR, without building an array of all of them. */
export function* linesOf(text: string): Generator<string> {
  const start = text.startsWith('\uFEFF') ? 1 : 0;
  let from = start;
  for (let index = start; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit !== 0x0a && unit !== 0x0d) continue;
    yield text.slice(from, index);
    if (unit === 0x0d && text.charCodeAt(index + 1) === 0x0a) index += 1;
    from = index + 1;
  }
  if (from < text.length) yield text.slice(from);
}
