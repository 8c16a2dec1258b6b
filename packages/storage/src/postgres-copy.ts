import { type Connection, Query } from 'pg';

const COPY_DATA = 0x64;
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, 4]);
const COPY_FAIL = 0x66;
const LENGTH_BYTES = 4;

/**
 * `COPY … FROM STDIN`, as one query among others of a connection. It is a query of the driver's own kind
 * because a connection that pipelines refuses all other kinds; nothing may be sent behind it before it is
 * answered. Chunks are asked for as fast as the socket takes them. When the connection breaks the query
 * is answered with the error and no further chunk is asked for.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 */
export class CopyFrom extends Query {
  readonly #chunks: Iterator<string>;
  #answered = false;
  #failure: unknown = null;

  constructor(text: string, chunks: Iterable<string>, done: (error: unknown) => void) {
    super(text, (error: unknown) => {
      this.#answered = true;
      done(this.#failure ?? error ?? null);
    });
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** Called by the driver when the server is ready to take rows. */
  handleCopyInResponse(connection: Connection): void {
    this.#send(connection);
  }

  #send(connection: Connection): void {
    const { stream } = connection;
    try {
      while (!this.#answered && stream.writable) {
        const next = this.#chunks.next();
        if (next.done === true) {
          stream.write(COPY_DONE);
          return;
        }
        if (!stream.write(message(COPY_DATA, next.value))) {
          stream.once('drain', () => this.#send(connection));
          return;
        }
      }
    } catch (error) {
      // What makes the rows failed: the server gives up the statement, and the caller gets this error.
      this.#failure = error;
      stream.write(message(COPY_FAIL, 'the rows could not be made\0'));
    }
  }
}

function message(type: number, text: string): Buffer {
  const length = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(1 + LENGTH_BYTES + length);
  bytes[0] = type;
  bytes.writeUInt32BE(LENGTH_BYTES + length, 1);
  bytes.write(text, 1 + LENGTH_BYTES);
  return bytes;
}

const SPECIAL = /[\\\n\r\t]/;
const SPECIALS = /[\\\n\r\t]/g;
const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** NULL in a line of `COPY`'s text format. */
export const COPY_NULL = '\\N';

/** A text as a column in a line of `COPY`'s text format. It must not hold NUL. */
export function copyText(text: string): string {
  return SPECIAL.test(text) ? text.replace(SPECIALS, (character) => ESCAPED[character] ?? '') : text;
}
