import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Sink } from './sink.ts';

/** A sink that writes the stored lines to a stream, such as standard output where nothing else uses it. */
export function streamSink(stream: Writable, name = 'stdout'): Sink {
  return {
    name,
    catchesUp: false,
    async deliver(lines): Promise<void> {
      if (!stream.writable) throw new Error('the stream is closed');
      if (!stream.write(lines.map(({ line }) => `${line}\n`).join(''))) await once(stream, 'drain');
    },
    close: () => Promise.resolve(),
  };
}
