import { type IpAddress, parseIpAddress } from './address.ts';

/** Longest URL the screen reads, in UTF-16 units. */
export const URL_LENGTH_MAX = 8192;

/** Why a text does not name a destination that can be judged. */
export type DestinationFault = 'malformed' | 'scheme' | 'userinfo' | 'authority_characters';

/** Where a URL leads: read once, from the text, without any resolution. */
export interface Destination {
  readonly url: URL;
  /** Lower-case ASCII host without brackets and without trailing dots. */
  readonly host: string;
  readonly port: number;
  /** The address when the host is one, in any spelling. */
  readonly address: IpAddress | null;
  /** The address an IPv4 spelling with leading zeros has for a reader who takes the numbers as decimal. */
  readonly decimalReading: IpAddress | null;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Reads an absolute http or https URL. The scheme must be written out with `//`, and the authority must mean the same
 * to every parser: no user information, no backslash, no white space, control or invisible characters.
 */
export function parseDestination(input: string): Destination | DestinationFault {
  if (input.length > URL_LENGTH_MAX) return 'malformed';
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/(?!\/)/.exec(input);
  if (scheme === null) return /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(input) ? 'scheme' : 'malformed';
  if (!/^https?$/i.test(scheme[1] ?? '')) return 'scheme';
  const authority = rawAuthority(input, scheme[0].length);
  if (/[\\\p{C}\p{Z}]/u.test(authority)) return 'authority_characters';
  // `http://a?@b/` and `http://a#@b/` lead to `b` for a parser that only stops at a slash.
  const untilSlash = (/^[^/]*/.exec(input.slice(scheme[0].length)) ?? [''])[0];
  if (untilSlash.includes('@')) return 'userinfo';
  if (untilSlash.includes('\\')) return 'authority_characters';
  if (/\p{Cc}/u.test(input) || !input.isWellFormed() || !URL.canParse(input)) return 'malformed';
  return describe(new URL(input), authority);
}

function rawAuthority(input: string, start: number): string {
  const end = input.slice(start).search(/[/?#]/);
  return end === -1 ? input.slice(start) : input.slice(start, start + end);
}

function describe(url: URL, authority: string): Destination | DestinationFault {
  const port = url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port);
  if (port === 0) return 'malformed';
  const unbracketed = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const host = stripTrailingDots(unbracketed);
  const address = parseIpAddress(host);
  const decimalReading = address?.family === 4 ? readAsDecimal(authority) : null;
  return { url, host, port, address, decimalReading };
}

function stripTrailingDots(host: string): string {
  return host.endsWith('.') ? host.slice(0, -1) : host;
}

// `0127.0.0.1` is 87.0.0.1 for the WHATWG parser and the C library, 127.0.0.1 for programs that drop the zero.
function readAsDecimal(authority: string): IpAddress | null {
  const host = (decodePercent(authority).normalize('NFKC').replaceAll('。', '.').split(':')[0] ?? '').replace(
    /\.$/,
    '',
  );
  const parts = host.split('.');
  if (!parts.every((part) => /^[0-9]{1,12}$/.test(part)) || !parts.some((part) => /^0[0-9]/.test(part)))
    return null;
  return parseIpAddress(parts.map(Number).join('.'));
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
