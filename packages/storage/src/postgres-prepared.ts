import type { Duplex } from 'node:stream';

import { type Connection, Query, types } from 'pg';

import type { PostgresRow } from './postgres-connection.ts';

const BIND = 0x42;
const LENGTH_BYTES = 4;
const COUNT_BYTES = 2;
const NULL_LENGTH = -1;
/** Execute the unnamed portal to its end. */
const EXECUTE = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0]);
const NOTHING = Buffer.alloc(0);
/** What ends a request: the server answers that it is ready for another. */
export const SYNC: Buffer = Buffer.from([0x53, 0, 0, 0, 4]);

/** What the driver calls the type of a column. */
type TypeId = Parameters<typeof types.getTypeParser>[0];
/** How the text of a column becomes what it says. */
export type Parser = (text: string) => PostgresRow[number];

/** A statement and what is bound to it, as text. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** What the driver's query does that its types do not tell. */
interface DriverQuery {
  prepare(connection: Connection): void;
}
const driverQuery = Query.prototype as unknown as DriverQuery;

/** How the columns of statements are read, by the name they have on a connection. */
const described = new WeakMap<Connection, Map<string, readonly Parser[]>>();

/**
 * A prepared statement, as one query among others of a connection. The columns of a prepared statement never change:
 * the server is asked for them once, and from then on one packet goes and rows come back. It is a query of the driver's
 * own kind because a connection that pipelines refuses all other kinds.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
export class PreparedQuery extends Query {
  readonly #statement: PreparedStatement;
  readonly #rows: PostgresRow[] = [];
  readonly #answered: (rows: readonly PostgresRow[]) => void;
  readonly #failed: (error: unknown) => void;
  #connection: Connection | null = null;
  #parsers: readonly Parser[] = [];
  #unreadable: unknown = null;

  constructor(
    statement: PreparedStatement,
    answered: (rows: readonly PostgresRow[]) => void,
    failed: (error: unknown) => void,
  ) {
    super(statement.text, [...statement.values], (error) => failed(error));
    this.#statement = statement;
    this.#answered = answered;
    this.#failed = failed;
    Object.assign(this, { name: statement.name });
  }

  /** Called by the driver to send it. */
  prepare(connection: Connection): void {
    const parsers = parsersOf(connection, this.#statement.name);
    if (parsers === undefined) {
      this.#connection = connection;
      driverQuery.prepare.call(this, connection);
    } else {
      this.#parsers = parsers;
      const { stream } = connection;
      gather(stream);
      stream.write(bindAndExecute(this.#statement, SYNC));
    }
  }

  /** Called by the driver with the columns. */
  handleRowDescription({ fields }: { fields: readonly { dataTypeID: TypeId }[] }): void {
    this.#parsers = fields.map(({ dataTypeID }) => parserOf(dataTypeID));
  }

  /** Called by the driver with a row. */
  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    try {
      this.#rows.push(rowOf(fields, this.#parsers));
    } catch (error) {
      this.#unreadable ??= error;
    }
  }

  /** Called by the driver when all rows have come: a statement without columns is known by then too. */
  handleCommandComplete(): void {
    if (this.#connection === null) return;
    const known = described.get(this.#connection) ?? new Map<string, readonly Parser[]>();
    described.set(this.#connection, known.set(this.#statement.name, this.#parsers));
  }

  /** Called by the driver when the server is ready for more, after an answer without an error. */
  handleReadyForQuery(): void {
    if (this.#unreadable === null) this.#answered(this.#rows);
    else this.#failed(this.#unreadable);
  }
}

const gathering = new WeakSet<Duplex>();

/** Lets what is written until all that can run now has run travel together: to the kernel each way costs the same. */
function gather(stream: Duplex): void {
  if (gathering.has(stream)) return;
  gathering.add(stream);
  stream.cork();
  process.nextTick(() => {
    gathering.delete(stream);
    stream.uncork();
  });
}

const INT8_OID = types.builtins.INT8;

/** How a column is read: `int8` as a number, which all of ours fit, everything else as the driver does. */
export function parserOf(oid: TypeId): Parser {
  return oid === INT8_OID ? Number : (types.getTypeParser(oid, 'text') as Parser);
}

/** How the columns of a statement are read, if a connection was told. */
export function parsersOf(connection: Connection, name: string): readonly Parser[] | undefined {
  return described.get(connection)?.get(name);
}

/** The columns of a row, read. */
export function rowOf(fields: readonly (string | null)[], parsers: readonly Parser[]): PostgresRow {
  return fields.map((text, n) => (text === null ? null : (parsers[n]?.(text) ?? text)));
}

/** Bind of texts to the unnamed portal, Execute, and what follows. */
export function bindAndExecute({ name, values }: PreparedStatement, then: Buffer = NOTHING): Buffer {
  let length = LENGTH_BYTES + 1 + name.length + 1 + COUNT_BYTES * 3;
  for (const value of values) length += LENGTH_BYTES + (value === null ? 0 : Buffer.byteLength(value));
  const bytes = Buffer.allocUnsafe(1 + length + EXECUTE.length + then.length);
  bytes[0] = BIND;
  let at = bytes.writeUInt32BE(length, 1);
  bytes[at] = 0;
  at += 1 + bytes.write(name, at + 1, 'latin1');
  bytes[at] = 0;
  at = bytes.writeUInt16BE(0, at + 1);
  at = bytes.writeUInt16BE(values.length, at);
  for (const value of values) {
    const written = value === null ? NULL_LENGTH : bytes.write(value, at + LENGTH_BYTES);
    bytes.writeInt32BE(written, at);
    at += LENGTH_BYTES + Math.max(written, 0);
  }
  at = bytes.writeUInt16BE(0, at);
  EXECUTE.copy(bytes, at);
  then.copy(bytes, at + EXECUTE.length);
  return bytes;
}
