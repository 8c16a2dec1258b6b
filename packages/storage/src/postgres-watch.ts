import type { Connection, PoolClient } from 'pg';

/** How much longer than a statement may run its answer may take, in milliseconds. */
export const POSTGRES_SILENCE_MS = 5_000;

/**
 * Ends a connection that does not answer. A server that stops a statement in time says so; one that says nothing for
 * longer than that, because the network or its machine is gone without a word, would be waited for without end.
 */
export class PostgresWatch {
  readonly #client: PoolClient;
  readonly #timer: NodeJS.Timeout;
  #waiting = 0;
  #patient = false;

  /** For a connection whose statements may run so long, in milliseconds; 0: as long as they like. */
  constructor(client: PoolClient, statementTimeoutMs: number) {
    this.#client = client;
    this.#patient = statementTimeoutMs === 0;
    this.#timer = setTimeout(() => this.#silent(), statementTimeoutMs + POSTGRES_SILENCE_MS).unref();
  }

  /** A statement was sent; the answers come one by one, each in the time of one statement. */
  sent(): void {
    if (this.#waiting === 0) this.#timer.refresh();
    this.#waiting += 1;
  }

  /** One of them was answered. */
  answered(): void {
    this.#waiting -= 1;
    if (this.#waiting > 0) this.#timer.refresh();
  }

  /** Runs what may take as long as it likes. */
  async patiently<R>(work: () => Promise<R>): Promise<R> {
    const before = this.#patient;
    this.#patient = true;
    try {
      return await work();
    } finally {
      this.#patient = before;
      this.#timer.refresh();
    }
  }

  #silent(): void {
    if (this.#waiting === 0 || this.#patient) return;
    const { stream } = (this.#client as PoolClient & { connection: Connection }).connection;
    stream.destroy(new Error('the server does not answer'));
  }
}
