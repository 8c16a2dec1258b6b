const IPV4_MAPPED = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;
/** A name of digits, dots and hex marks that is read as an address by resolvers: `0x7f.1`, `2130706433`. */
const LOOPBACK = new Set(['localhost', '[::1]', '127.0.0.1']);

/**
 * One spelling for every spelling of a destination: a user part and a port are cut off, names are
 * lower-cased and lose their trailing dots, and addresses (short, octal, hexadecimal, mapped into
 * IPv6, compressed or not) take the form of the WHATWG URL host parser. Two destinations that differ
 * only in spelling are equal here, so that one machine cannot hide behind two of them.
 */
export function canonicalAddress(destination: string): string {
  const afterUser = destination.slice(destination.lastIndexOf('@') + 1).toLowerCase();
  const host = withoutPort(afterUser.replace(/%[a-z0-9._-]*/, ''));
  const parsed = parseHost(host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
  const mapped = IPV4_MAPPED.exec(parsed);
  const plain = mapped ? dotted(mapped[1] ?? '', mapped[2] ?? '') : parsed;
  return LOOPBACK.has(plain) ? '127.0.0.1' : plain;
}

function withoutPort(host: string): string {
  if (host.startsWith('[')) return host.slice(0, host.indexOf(']') + 1 || host.length);
  const colon = host.indexOf(':');
  return colon >= 0 && colon === host.lastIndexOf(':') ? host.slice(0, colon) : host;
}

function parseHost(host: string): string {
  let end = host.length;
  while (end > 0 && host[end - 1] === '.') end -= 1;
  const trimmed = host.slice(0, end);
  const url = URL.parse(`http://${trimmed}/`);
  return url === null || url.hostname === '' ? trimmed : url.hostname;
}

function dotted(high: string, low: string): string {
  const value = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return value.map((part) => `${part >> 8}.${part & 255}`).join('.');
}
