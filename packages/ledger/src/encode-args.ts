import { encodePlain } from './encode-members.ts';
import { safeCanonicalJson } from './safe-json.ts';

/** Arguments beyond these are left to the general encoder, which counts exactly. */
const SIMPLE_MEMBERS_MAX = 64;
const SIMPLE_CHARS_MAX = 8_192;

/**
 * What `safeCanonicalJson` gives. Most arguments are one plain object whose names stand in order already and
 * whose values are texts, numbers and flags: those are left to the engine's own encoder.
 */
export function encodeArgs(args: unknown): string {
  if (args === null || args === undefined) return 'null';
  const simple = simpleArgs(args);
  return (simple === null ? null : encodePlain(simple)) ?? safeCanonicalJson(args);
}

/** A copy of simple arguments, or null. The original is read once: what it says the second time cannot harm. */
function simpleArgs(args: unknown): object | null {
  if (typeof args !== 'object' || args === null) return null;
  try {
    if (Object.getPrototypeOf(args) !== Object.prototype) return null;
    const copy: Record<string, unknown> = { ...args };
    return isSimple(copy) ? copy : null;
  } catch {
    // A getter or a proxy threw: the general encoder says so in the record.
    return null;
  }
}

function isSimple(copy: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(copy);
  if (names.length > SIMPLE_MEMBERS_MAX) return false;
  let chars = 0;
  let before = '';
  for (const name of names) {
    if (before > name) return false;
    before = name;
    chars += name.length;
    const value = copy[name];
    if (typeof value === 'string') chars += value.length;
    else if (
      !(typeof value === 'number' ? Number.isFinite(value) : typeof value === 'boolean' || value === null)
    )
      return false;
  }
  return chars <= SIMPLE_CHARS_MAX;
}
