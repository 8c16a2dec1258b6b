import type { FileSource } from './file-source.ts';
import { type LocalCollector, type LocalRow, table, unreadable } from './local-collector.ts';
import { decodeProcAddress } from './proc-address.ts';
import { socketOwners } from './socket-owners.ts';

interface Socket {
  readonly protocol: string;
  readonly family: string;
  readonly address: string;
  readonly port: string;
  readonly inode: string;
}

const TABLES = [
  { file: '/proc/net/tcp', protocol: '6', family: '2', listening: '0A' },
  { file: '/proc/net/tcp6', protocol: '6', family: '10', listening: '0A' },
  { file: '/proc/net/udp', protocol: '17', family: '2', listening: '07' },
  { file: '/proc/net/udp6', protocol: '17', family: '10', listening: '07' },
] as const;

/**
 * Sockets that wait for peers: TCP in LISTEN, UDP unconnected. Protocol and family are numbers, as
 * osquery prints them. The process's name is there when the process table may be read. UDP sockets on
 * a port of the ephemeral range are clients waiting for an answer and are left out.
 */
export const listeningPorts: LocalCollector = {
  predicate: 'listening_ports',
  async collect(source) {
    const sockets: Socket[] = [];
    let tables = 0;
    for (const { file, ...kind } of TABLES) {
      const text = await source.textIfPresent(file);
      if (text === null) continue;
      tables += 1;
      sockets.push(...parseSocketTable(text, kind));
    }
    if (tables === 0) return unreadable('source_missing', 'no socket tables under /proc/net');
    const [low, high] = await ephemeralRange(source);
    const lasting = sockets.filter(
      ({ protocol, port }) => protocol === '6' || Number(port) < low || Number(port) > high,
    );
    const owners = await socketOwners(source);
    const rows = lasting.map(
      ({ inode, ...row }): LocalRow => ({
        ...row,
        name: owners.get(inode)?.name ?? '',
        path: owners.get(inode)?.path ?? '',
      }),
    );
    return table(rows);
  },
};

/** The listening rows of one table of `/proc/net`. Exported for tests of the format. */
export function parseSocketTable(
  text: string,
  kind: { readonly protocol: string; readonly family: string; readonly listening: string },
): Socket[] {
  const sockets: Socket[] = [];
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/, 10);
    const [, local = '', remote = '', state] = fields;
    const at = local.lastIndexOf(':');
    const remotePort = remote.slice(remote.lastIndexOf(':') + 1);
    if (at < 0 || state !== kind.listening || remotePort !== '0000') continue;
    const address = decodeProcAddress(local.slice(0, at));
    const port = Number.parseInt(local.slice(at + 1), 16);
    if (address === null || !Number.isInteger(port)) continue;
    sockets.push({
      protocol: kind.protocol,
      family: kind.family,
      address,
      port: String(port),
      inode: fields[9] ?? '',
    });
  }
  return sockets;
}

async function ephemeralRange(source: FileSource): Promise<readonly [low: number, high: number]> {
  const text = await source.textIfPresent('/proc/sys/net/ipv4/ip_local_port_range');
  const [low = Number.NaN, high = Number.NaN] = (text ?? '32768 60999').trim().split(/\s+/).map(Number);
  return Number.isInteger(low) && Number.isInteger(high) ? [low, high] : [32_768, 60_999];
}
