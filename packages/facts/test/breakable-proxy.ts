import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut, or fall silent. */
export interface BreakableProxy {
  /** A connection string with this way in it. */
  through(url: string): string;
  /** When each connection was asked for, in milliseconds of one clock. */
  readonly asked: readonly number[];
  /** Ends all connections and refuses new ones. */
  cut(): void;
  /** Nothing comes through any more, and nobody is told. */
  silence(): void;
  /** Takes new connections again. */
  mend(): void;
  close(): Promise<void>;
}

/** Opens a way to a server on this machine, which need not be there. */
export async function openProxy(port: number): Promise<BreakableProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const asked: number[] = [];
  let open = true;
  const server = createServer((client) => {
    asked.push(performance.now());
    if (!open) {
      client.destroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    const end = (): void => {
      for (const socket of pair) socket.destroy();
      pairs.delete(pair);
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const ownPort = typeof address === 'object' && address !== null ? address.port : 0;
  const cut = (): void => {
    open = false;
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  };
  return {
    through: (url) => url.replace(/:\d+\//, `:${ownPort}/`),
    asked,
    cut,
    silence() {
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream).pause();
        upstream.unpipe(client).pause();
      }
    },
    mend() {
      open = true;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
