import { type IpAddress, parseIpAddress } from './address.ts';
import { type Destination, type DestinationFault, parseDestination } from './destination.ts';
import { hostNameKind } from './host-names.ts';
import { type SpecialKind, type SpecialRange, specialRange } from './ranges.ts';

/** Most addresses one name may resolve to; a longer answer is blocked. */
export const RESOLVED_ADDRESSES_MAX = 64;

/** Resolves a lower-case ASCII host name to its addresses, in order. A failure means that the name does not resolve. */
export type Resolver = (host: string) => Promise<readonly string[]>;

/** Stable reason codes of an egress verdict. `address_*` says which kind of special-purpose range was met. */
export type EgressReason =
  | 'allowed'
  | 'operator_exception'
  | DestinationFault
  | 'metadata_name'
  | 'local_name'
  | 'unresolved'
  | 'too_many_addresses'
  | 'address_unreadable'
  | 'address_ambiguous'
  | `address_${SpecialKind}`;

/** The answer of the egress screen. `pinned` holds the addresses that were checked: connect to those and to no others. */
export interface EgressVerdict {
  readonly verdict: 'allow' | 'block';
  readonly reason: EgressReason;
  /** Empty unless the verdict is `allow`. */
  readonly pinned: string[];
  /** The address that blocked, and the range it lies in. */
  readonly address?: string;
  readonly range?: string;
}

/** Exceptions of the operator. */
export interface EgressOptions {
  /** `host:port`, lower-case, port written out, IPv6 in brackets. An exact match passes whatever its addresses are. */
  readonly allow?: readonly string[];
}

/**
 * Says whether praxis may connect to the destination of `input`, an absolute http or https URL. Every address of the
 * destination must be an ordinary public one, in whatever spelling it comes. Never throws; whatever cannot be read or
 * resolved is blocked.
 */
export async function judgeEgress(
  input: string,
  resolve: Resolver,
  options: EgressOptions = {},
): Promise<EgressVerdict> {
  const destination = parseDestination(input);
  return typeof destination === 'string'
    ? block(destination)
    : judgeDestination(destination, resolve, options);
}

/** The same judgement on a destination that was already read. */
export async function judgeDestination(
  destination: Destination,
  resolve: Resolver,
  options: EgressOptions = {},
): Promise<EgressVerdict> {
  const isExcepted = options.allow?.includes(exceptionKey(destination)) ?? false;
  if (destination.address !== null) return judgeLiteral(destination, destination.address, isExcepted);
  const kind = hostNameKind(destination.host);
  if (kind === 'malformed') return block('malformed');
  if (kind !== 'public' && !isExcepted) return block(kind === 'metadata' ? 'metadata_name' : 'local_name');
  return judgeAnswers(await answersOf(destination.host, resolve), isExcepted);
}

/** The `host:port` under which an operator's exception for this destination is written. */
export function exceptionKey(destination: Destination): string {
  const host = destination.address?.family === 6 ? `[${destination.host}]` : destination.host;
  return `${host}:${destination.port}`;
}

function judgeLiteral(destination: Destination, address: IpAddress, isExcepted: boolean): EgressVerdict {
  if (isExcepted) return { verdict: 'allow', reason: 'operator_exception', pinned: [destination.host] };
  const special = specialRange(address);
  if (special !== null) return blockAddress(destination.host, special);
  if (destination.decimalReading !== null && specialRange(destination.decimalReading) !== null) {
    return block('address_ambiguous');
  }
  return { verdict: 'allow', reason: 'allowed', pinned: [destination.host] };
}

async function answersOf(host: string, resolve: Resolver): Promise<readonly string[]> {
  try {
    return await resolve(host);
  } catch {
    // A resolver that fails has given no address, and no address is a block: nothing is hidden by the fallback.
    return [];
  }
}

function judgeAnswers(answers: readonly string[], isExcepted: boolean): EgressVerdict {
  if (answers.length === 0) return block('unresolved');
  if (answers.length > RESOLVED_ADDRESSES_MAX) return block('too_many_addresses');
  for (const answer of answers) {
    const address = parseIpAddress(answer);
    if (address === null) return { ...block('address_unreadable'), address: answer };
    const special = isExcepted ? null : specialRange(address);
    if (special !== null) return blockAddress(answer, special);
  }
  return { verdict: 'allow', reason: isExcepted ? 'operator_exception' : 'allowed', pinned: [...answers] };
}

function block(reason: EgressReason): EgressVerdict {
  return { verdict: 'block', reason, pinned: [] };
}

function blockAddress(address: string, special: SpecialRange): EgressVerdict {
  return { ...block(`address_${special.kind}`), address, range: special.range };
}
