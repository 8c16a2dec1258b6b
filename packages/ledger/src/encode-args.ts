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
  const simple = simpleArgs(args);
  if (simple === null) return 'null';
  return (simple === undefined ? null : encodePlain(simple)) ?? safeCanonicalJson(args);
}

/**
 * A copy of simple arguments, null when there are none, and undefined for others. The original is read once:
 * what it says the second time cannot harm.
 */
export function simpleArgs(args: unknown): object | null | undefined {
  if (args === null || args === undefined) return null;
  if (typeof args !== 'object') return undefined;
  try {
    if (Object.getPrototypeOf(args) !== Object.prototype) return undefined;
    const copy: Record<string, unknown> = { ...args };
    return isSimple(copy) ? copy : undefined;
  } catch {
    // A getter or a proxy threw: the general encoder says so in the record.
    return undefined;
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
