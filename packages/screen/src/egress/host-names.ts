/** Longest host name, RFC 1035 §2.3.4, without the trailing dot. */
export const HOST_NAME_LENGTH_MAX = 253;
const LABEL_LENGTH_MAX = 63;

// Instance metadata services and the cluster API, by name. Their addresses are caught by range as well.
const METADATA_NAMES: ReadonlySet<string> = new Set([
  'instance-data',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'metadata',
  'metadata.azure.com',
  'metadata.google.internal',
  'metadata.goog',
  'metadata.packet.net',
  'metadata.platformequinix.com',
  'metadata.tencentyun.com',
  'rancher-metadata',
]);
const METADATA_PREFIXES: readonly string[] = ['instance-data.', 'kubernetes.default.svc.'];

// Names that belong to one machine, one site or one cluster (RFC 6761, RFC 6762, RFC 8375, and common practice).
const LOCAL_SUFFIXES: readonly string[] = [
  'arpa',
  'corp',
  'home',
  'internal',
  'intranet',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'localhost4',
  'localhost6',
  'localdomain4',
  'localdomain6',
  'private',
];

/** What a host name says about where it leads, before any resolution. */
export type HostNameKind = 'public' | 'metadata' | 'local' | 'malformed';

/**
 * Judges a host name that is already lower-case ASCII (IDNA applied) and has no trailing dot. A name of one label is
 * local: it is completed from the machine's search domains.
 */
export function hostNameKind(name: string): HostNameKind {
  if (METADATA_NAMES.has(name) || METADATA_PREFIXES.some((prefix) => name.startsWith(prefix)))
    return 'metadata';
  if (name.length === 0 || name.length > HOST_NAME_LENGTH_MAX) return 'malformed';
  const labels = name.split('.');
  for (const label of labels) {
    if (label.length > LABEL_LENGTH_MAX || !/^[a-z0-9_](?:[a-z0-9_-]*)$/.test(label)) return 'malformed';
  }
  const last = labels.at(-1) ?? '';
  return labels.length === 1 || LOCAL_SUFFIXES.includes(last) ? 'local' : 'public';
}
