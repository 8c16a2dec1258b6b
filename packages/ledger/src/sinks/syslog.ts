import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect as connectTcp, isIPv6, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { errorCode } from '@praxis/core';
import { ledgerError } from '../errors.ts';
import type { Sink, SinkLine } from './sink.ts';
import { frame, type SyslogFormat, syslogMessage } from './syslog-format.ts';

/** The largest message that fits a datagram, in bytes. */
export const DATAGRAM_BYTES_MAX = 65_507;
/** How long a connection may take, in milliseconds. */
export const SYSLOG_CONNECT_MS = 5_000;
const SYSLOG_PORT = 514;
const SYSLOG_TLS_PORT = 6514;

/** Where syslog messages go, and in which form: RFC 5424, or RFC 3164 by option. */
export interface SyslogOptions {
  /**
   * `udp://host:port`, `tcp://host:port`, `tls://host:port`, `unix:///path`; or as before: `host:port` for UDP
   * and a path for a Unix socket.
   */
  readonly address: string;
  /** Default `rfc5424`. */
  readonly format?: SyslogFormat | undefined;
  /** For `tls`: PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
  /**
   * Who writes to a Unix socket that takes datagrams, as `/dev/log` mostly does, when the runtime cannot: gets
   * the stored lines and makes messages of them. Without it such a socket is `SYSLOG_SOCKET_DATAGRAM`.
   */
  readonly datagramSocket?: ((path: string) => LineChannel) | undefined;
}

/** Takes lines, one message each. */
export interface LineChannel {
  send(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

interface Target {
  readonly transport: 'udp' | 'tcp' | 'tls' | 'unix';
  readonly host: string;
  readonly port: number;
}

/** A sink that speaks syslog. Throws `LEDGER_UNWRITABLE` for an address that is none. */
export function syslogSink(options: SyslogOptions): Sink {
  const target = parseAddress(options.address);
  const format = options.format ?? 'rfc5424';
  return target.transport === 'udp'
    ? new DatagramSink(target, format)
    : target.transport === 'unix'
      ? new UnixSink(target, new StreamSink(target, format, undefined), options.datagramSocket)
      : new StreamSink(target, format, options.ca);
}

function parseAddress(address: string): Target {
  if (address.startsWith('/')) return { transport: 'unix', host: address, port: 0 };
  if (address.startsWith('unix://'))
    return { transport: 'unix', host: address.slice('unix://'.length), port: 0 };
  const match = /^(?:(udp|tcp|tls):\/\/)?(\[[0-9A-Fa-f:.]+\]|[^:/\s]+)(?::(\d{1,5}))?$/.exec(address);
  const [, scheme = 'udp', host = '', digits] = match ?? [];
  const transport = scheme === 'tcp' || scheme === 'tls' ? scheme : 'udp';
  const port = digits === undefined ? (transport === 'tls' ? SYSLOG_TLS_PORT : SYSLOG_PORT) : Number(digits);
  if (match === null || port < 1 || port > 65_535) {
    throw ledgerError('LEDGER_UNWRITABLE', `\`${address}\` is no syslog address`, {
      fields: { reason: 'syslog' },
    });
  }
  return { transport, host: host.replace(/^\[|\]$/g, ''), port };
}

const sender = { host: hostname(), pid: process.pid };

class DatagramSink implements Sink {
  readonly name: string;
  /** Nobody says whether a datagram arrived. */
  readonly catchesUp = false;
  readonly #target: Target;
  readonly #format: SyslogFormat;
  #socket: DatagramSocket | null = null;

  constructor(target: Target, format: SyslogFormat) {
    this.name = `syslog udp ${target.host}:${target.port}`;
    this.#target = target;
    this.#format = format;
  }

  async deliver(lines: readonly SinkLine[]): Promise<void> {
    for (const line of lines) await this.#send(Buffer.from(syslogMessage(this.#format, line, sender)));
  }

  close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    return socket === null ? Promise.resolve() : new Promise((resolve) => socket.close(() => resolve()));
  }

  #send(message: Buffer): Promise<void> {
    const { host, port } = this.#target;
    // A cut message still says which record it was.
    const bytes = message.subarray(0, DATAGRAM_BYTES_MAX);
    return new Promise((resolve, reject) => {
      this.#open().send(bytes, port, host, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  #open(): DatagramSocket {
    if (this.#socket !== null) return this.#socket;
    const socket = createSocket(isIPv6(this.#target.host) ? 'udp6' : 'udp4');
    socket.unref();
    socket.on('error', () => {
      // The send that failed has told; the next one opens a new socket.
      this.#socket = null;
    });
    this.#socket = socket;
    return socket;
  }
}

/** A Unix socket of either kind: which one it is, connecting tells. */
class UnixSink implements Sink {
  readonly name: string;
  readonly #path: string;
  readonly #stream: StreamSink;
  readonly #open: SyslogOptions['datagramSocket'];
  #datagrams: LineChannel | null = null;

  constructor(target: Target, stream: StreamSink, open: SyslogOptions['datagramSocket']) {
    this.name = stream.name;
    this.#path = target.host;
    this.#stream = stream;
    this.#open = open;
  }

  /** Nobody says whether a datagram arrived. */
  get catchesUp(): boolean {
    return this.#datagrams === null;
  }

  async deliver(lines: readonly SinkLine[]): Promise<void> {
    if (this.#datagrams === null) {
      try {
        return await this.#stream.deliver(lines);
      } catch (error) {
        if (errorCode(error) !== 'EPROTOTYPE') throw error;
        this.#datagrams = this.#channel(error);
      }
    }
    const channel = this.#datagrams;
    try {
      await channel.send(lines.map(({ line }) => line));
    } catch (error) {
      // The socket may have gone, or come back as the other kind: connecting tells again.
      this.#datagrams = null;
      await channel.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#stream.close();
    await this.#datagrams?.close();
  }

  #channel(cause: unknown): LineChannel {
    if (this.#open !== undefined) return this.#open(this.#path);
    throw ledgerError(
      'SYSLOG_SOCKET_DATAGRAM',
      `\`${this.#path}\` takes datagrams: use udp:// or a stream socket`,
      {
        cause,
      },
    );
  }
}

class StreamSink implements Sink {
  readonly name: string;
  readonly catchesUp = true;
  readonly #target: Target;
  readonly #format: SyslogFormat;
  readonly #ca: string | undefined;
  #socket: Socket | null = null;

  constructor(target: Target, format: SyslogFormat, ca: string | undefined) {
    this.name = `syslog ${target.transport} ${target.host}${target.port === 0 ? '' : `:${target.port}`}`;
    this.#target = target;
    this.#format = format;
    this.#ca = ca;
  }

  async deliver(lines: readonly SinkLine[]): Promise<void> {
    const socket = this.#socket ?? (await this.#connect());
    const bytes = Buffer.concat(
      lines.map((line) => frame(this.#format, syslogMessage(this.#format, line, sender))),
    );
    await new Promise<void>((resolve, reject) => {
      socket.write(bytes, (error) => (error === null || error === undefined ? resolve() : reject(error)));
    });
  }

  close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    return socket === null ? Promise.resolve() : new Promise((resolve) => socket.end(() => resolve()));
  }

  #connect(): Promise<Socket> {
    const { transport, host, port } = this.#target;
    return new Promise((resolve, reject) => {
      const ready = (): void => {
        clearTimeout(timer);
        socket.unref();
        this.#socket = socket;
        resolve(socket);
      };
      const socket: Socket =
        transport === 'tls'
          ? connectTls(
              { host, port, servername: host, ...(this.#ca === undefined ? {} : { ca: this.#ca }) },
              ready,
            )
          : transport === 'unix'
            ? connectTcp(host, ready)
            : connectTcp(port, host, ready);
      const timer = setTimeout(
        () => socket.destroy(new Error('connecting took too long')),
        SYSLOG_CONNECT_MS,
      );
      socket.on('error', reject);
      socket.on('close', () => {
        clearTimeout(timer);
        this.#socket = null;
        reject(new Error('the connection was closed'));
      });
      // Collectors do not answer; what they send is thrown away so that an end is noticed.
      socket.resume();
    });
  }
}
