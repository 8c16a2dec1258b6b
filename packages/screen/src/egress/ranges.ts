import { type IpAddress, parseIpAddress } from './address.ts';

/** Why an address is not a public unicast address. */
export type SpecialKind =
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link_local'
  | 'multicast'
  | 'reserved'
  | 'documentation'
  | 'benchmarking'
  | 'embedded_ipv4'
  | 'platform';

/** The special-purpose range an address falls in. */
export interface SpecialRange {
  readonly kind: SpecialKind;
  /** The range in CIDR notation, or the name of the address form. */
  readonly range: string;
}

interface Range extends SpecialRange {
  readonly words: readonly number[];
  readonly prefixBits: number;
}

// IANA IPv4 Special-Purpose Address Registry (RFC 6890), RFC 7526, and 168.63.129.16, which is a cloud platform's
// host agent on a public-looking address.
const IPV4_TABLE: readonly (readonly [string, SpecialKind])[] = [
  ['0.0.0.0/8', 'unspecified'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'shared'],
  ['127.0.0.0/8', 'loopback'],
  ['168.63.129.16/32', 'platform'],
  ['169.254.0.0/16', 'link_local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'documentation'],
  ['192.31.196.0/24', 'reserved'],
  ['192.52.193.0/24', 'reserved'],
  ['192.88.99.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['192.175.48.0/24', 'reserved'],
  ['198.18.0.0/15', 'benchmarking'],
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
];

// IANA IPv6 Special-Purpose Address Registry. Forms that carry an IPv4 address come first, so that the reason names them.
const IPV6_TABLE: readonly (readonly [string, SpecialKind])[] = [
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['::/96', 'embedded_ipv4'],
  ['::ffff:0:0/96', 'embedded_ipv4'],
  ['::ffff:0:0:0/96', 'embedded_ipv4'],
  ['64:ff9b::/96', 'embedded_ipv4'],
  ['64:ff9b:1::/48', 'embedded_ipv4'],
  ['2001::/32', 'embedded_ipv4'],
  ['2002::/16', 'embedded_ipv4'],
  ['100::/64', 'reserved'],
  ['100:0:0:1::/64', 'reserved'],
  ['2001:2::/48', 'benchmarking'],
  ['2001::/23', 'reserved'],
  ['2001:db8::/32', 'documentation'],
  ['2620:4f:8000::/48', 'reserved'],
  ['3fff::/20', 'documentation'],
  ['5f00::/16', 'reserved'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'link_local'],
  ['fec0::/10', 'private'],
  ['ff00::/8', 'multicast'],
];

const IPV4_RANGES = IPV4_TABLE.map(readRange);
const IPV6_RANGES = IPV6_TABLE.map(readRange);

/**
 * The special-purpose range `address` falls in, or `null` when it is an ordinary public unicast address. Outside
 * 2000::/3 every IPv6 address is special, and so is every form that carries an IPv4 address (mapped, compatible, SIIT,
 * NAT64, 6to4, Teredo, ISATAP), whatever that inner address is.
 */
export function specialRange(address: IpAddress): SpecialRange | null {
  const words = addressWords(address);
  const ranges = address.family === 4 ? IPV4_RANGES : IPV6_RANGES;
  for (const range of ranges) {
    if (startsWithBits(words, range.words, range.prefixBits)) return { kind: range.kind, range: range.range };
  }
  if (address.family === 4) return null;
  if (isIsatap(words)) return { kind: 'embedded_ipv4', range: 'isatap' };
  const isGlobalUnicast = ((words[0] ?? 0) & 0xe000) === 0x2000;
  return isGlobalUnicast ? null : { kind: 'reserved', range: 'outside 2000::/3' };
}

// RFC 5214 §6.1: the interface identifier is 0000:5efe or 0200:5efe followed by an IPv4 address, under any prefix.
function isIsatap(words: readonly number[]): boolean {
  return ((words[4] ?? 0) & 0xfdff) === 0 && words[5] === 0x5efe;
}

function addressWords(address: IpAddress): readonly number[] {
  return address.family === 6 ? address.words : [Math.floor(address.value / 65536), address.value % 65536];
}

function startsWithBits(words: readonly number[], prefix: readonly number[], bits: number): boolean {
  for (let index = 0, left = bits; left > 0; index += 1, left -= 16) {
    const mask = left >= 16 ? 0xffff : (0xffff << (16 - left)) & 0xffff;
    if (((words[index] ?? 0) & mask) !== ((prefix[index] ?? 0) & mask)) return false;
  }
  return true;
}

function readRange([range, kind]: readonly [string, SpecialKind]): Range {
  const [text = '', bits = ''] = range.split('/');
  const address = parseIpAddress(text);
  if (address === null) throw new TypeError(`not an address range: ${range}`);
  return { kind, range, words: addressWords(address), prefixBits: Number(bits) };
}
