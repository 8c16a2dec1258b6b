/** An IPv4 address as a 32-bit unsigned number, or an IPv6 address as eight 16-bit words. */
export type IpAddress =
  | { readonly family: 4; readonly value: number }
  | { readonly family: 6; readonly words: readonly number[] };

/** Longest text of an address: eight groups with a dotted quad at the end. */
const ADDRESS_LENGTH_MAX = 45;

/**
 * Reads the standard text of an address: a dotted quad of four decimal numbers without leading zeros, or RFC 4291 §2.2
 * text without brackets and without a zone. Anything else is `null`: other spellings are only met in URLs, where the
 * WHATWG host parser has already turned them into this form.
 */
export function parseIpAddress(text: string): IpAddress | null {
  if (text.length > ADDRESS_LENGTH_MAX) return null;
  if (!text.includes(':')) {
    const value = parseDottedQuad(text);
    return value === null ? null : { family: 4, value };
  }
  const words = parseWords(text);
  return words === null ? null : { family: 6, words };
}

function parseDottedQuad(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0;
  for (const part of parts) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(part)) return null;
    const octet = Number(part);
    if (octet > 255) return null;
    value = value * 256 + octet;
  }
  return value;
}

function parseWords(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  if (head === null) return null;
  if (halves.length === 1) return head.length === 8 ? head : null;
  const tail = parseGroups(halves[1] ?? '', true);
  if (tail === null || head.length + tail.length > 7) return null;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function parseGroups(text: string, mayEndInQuad: boolean): number[] | null {
  if (text === '') return [];
  const groups = text.split(':');
  const words: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (group.includes('.')) {
      const quad = mayEndInQuad && index === groups.length - 1 ? parseDottedQuad(group) : null;
      if (quad === null) return null;
      words.push(Math.floor(quad / 65536), quad % 65536);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
      words.push(Number.parseInt(group, 16));
    }
  }
  return words;
}
