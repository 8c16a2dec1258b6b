/** How the engine writes a lone surrogate; a text may hold these characters for another reason. */
const LONE_SURROGATE = '\\ud';

const nothing: object = {};

/**
 * The engine's own JSON of an object made here: canonical (RFC 8785) because its names are written in order,
 * and the RFC takes its texts and numbers from that very encoder. A lone surrogate becomes U+FFFD.
 */
export function encodeMembers(members: object): string {
  if (!canBeMisled()) {
    const encoded = JSON.stringify(members);
    if (!encoded.includes(LONE_SURROGATE)) return encoded;
  }
  return JSON.stringify(wellFormed(members));
}

/**
 * The same for an object of somebody else's with names in order, or null when a text in it is not well formed.
 */
export function encodePlain(members: object): string | null {
  if (canBeMisled()) return null;
  const encoded = JSON.stringify(members);
  return encoded.includes(LONE_SURROGATE) ? null : encoded;
}

/** Whether somebody has taught all objects to encode themselves in another way. */
function canBeMisled(): boolean {
  return 'toJSON' in nothing;
}

/** The same members in objects that inherit nothing, with U+FFFD for each lone surrogate. */
function wellFormed(members: object): object {
  const copy = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(members) as [string, unknown][]) {
    if (typeof value === 'string') copy[name] = value.toWellFormed();
    else copy[name] = typeof value === 'object' && value !== null ? wellFormed(value) : value;
  }
  return copy;
}
