import { DECODE_ROUNDS_MAX, decodePercent, type Readings, resolveSegments } from './readings.ts';

/** One reading of a URL, in the parts patterns match separately. */
export interface UrlReading {
  /** The canonical text: scheme, host, port when it is not the default, path and query. */
  readonly href: string;
  readonly scheme: string;
  readonly host: string;
  /** The port in effect; empty when the scheme has no default and none is given. */
  readonly port: string;
  readonly isDefaultPort: boolean;
  /** Path with query, from its first slash. */
  readonly path: string;
  /** Every percent escape of the path has been decoded. */
  readonly isDecoded: boolean;
}

const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ftp: '21',
    http: '80',
    https: '443',
    ws: '80',
    wss: '443',
  }),
);
const UNREADABLE = /[\p{C}\p{Z}]/u;

/**
 * The URLs a text can mean. The WHATWG parser decides; a backslash, and percent escapes in the path, give further
 * readings. A URL with white space or control characters, or one that cannot be parsed, is never allowed.
 */
export function readUrl(text: string): Readings<UrlReading> {
  const source = text.normalize('NFC');
  const spellings = source.includes('\\') ? [source, source.replaceAll('\\', '%5C')] : [source];
  let isAllowable =
    !UNREADABLE.test(source) &&
    /^[a-z][a-z0-9+.-]*:\/\/(?!\/)/i.test(source.replace(/^file:\/\/\//i, 'file://x/'));
  const readings: UrlReading[] = [];
  for (const spelling of spellings) {
    if (!URL.canParse(spelling)) {
      isAllowable = false;
      continue;
    }
    const reading = readingOf(new URL(spelling));
    readings.push(reading, ...decodedReadings(reading));
  }
  // The text itself is one more thing a deny may recognise.
  const first = readings[0];
  if (!isAllowable || first === undefined) readings.push({ ...(first ?? NOT_A_URL), href: source });
  return { readings, isAllowable };
}

const NOT_A_URL: UrlReading = {
  href: '',
  scheme: '',
  host: '',
  port: '',
  isDefaultPort: true,
  path: '',
  isDecoded: false,
};

function readingOf(url: URL): UrlReading {
  const scheme = url.protocol.slice(0, -1);
  const host = decodePercent(url.hostname).toLowerCase().replace(/\.$/, '');
  const defaultPort = DEFAULT_PORTS.get(scheme) ?? '';
  const port = url.port === '' ? defaultPort : url.port;
  const path = canonicalEscapes(url.pathname === '' ? '/' : url.pathname) + canonicalEscapes(url.search);
  return withPath({ scheme, host, port, isDefaultPort: port === defaultPort }, path, false);
}

function withPath(
  base: Pick<UrlReading, 'scheme' | 'host' | 'port' | 'isDefaultPort'>,
  path: string,
  isDecoded: boolean,
): UrlReading {
  const authority = base.isDefaultPort ? base.host : `${base.host}:${base.port}`;
  return { ...base, href: `${base.scheme}://${authority}${path}`, path, isDecoded };
}

function decodedReadings(reading: UrlReading): UrlReading[] {
  const decoded: UrlReading[] = [];
  let path = reading.path;
  for (let round = 0; round < DECODE_ROUNDS_MAX && path.includes('%'); round += 1) {
    path = decodePathAndQuery(path);
    decoded.push(withPath(reading, path, true));
  }
  return decoded;
}

function decodePathAndQuery(text: string): string {
  const mark = text.indexOf('?');
  const path = decodePercent(mark < 0 ? text : text.slice(0, mark)).replaceAll('\\', '/');
  const resolved = resolveSegments(path);
  const slash = /\/\.{0,2}$/.test(path) && resolved !== '/' ? '/' : '';
  return (resolved + slash + (mark < 0 ? '' : decodePercent(text.slice(mark)))).normalize('NFC');
}

/** Decodes what needs no escape (RFC 3986 §6.2.2) and letters of any script; writes the other escapes in upper case. */
export function canonicalEscapes(text: string): string {
  return text
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
      decodePercent(run).replace(/[\0-\x7f]/g, (c) => (/[A-Za-z0-9._~%-]/.test(c) ? c : escapeOf(c))),
    )
    .replace(/%[0-9a-f]{2}/g, (escape) => escape.toUpperCase())
    .normalize('NFC');
}

function escapeOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
