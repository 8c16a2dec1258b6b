import { PraxisError } from '@praxis/core';

/** What a tool answered an agent. */
export type Answer = Readonly<Record<string, unknown>>;

/** An MCP client over real HTTP, no more than the tour needs (MCP 2025-11-25, Streamable HTTP). */
export class DemoAgent {
  readonly #url: string;
  readonly #token: string;
  #session: string | null = null;
  #id = 0;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Opens a session. */
  async connect(): Promise<void> {
    await this.#request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'demo-agent', version: '1' },
    });
  }

  /** Calls a tool and answers its structured content. */
  async call(name: string, args: Readonly<Record<string, unknown>>): Promise<Answer> {
    const result = (await this.#request('tools/call', { name, arguments: args })) as {
      structuredContent: Answer;
    };
    return result.structuredContent;
  }

  async #request(method: string, params: object): Promise<unknown> {
    this.#id += 1;
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.#token}`,
        'content-type': 'application/json',
        ...(this.#session === null ? {} : { 'mcp-session-id': this.#session }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: this.#id, method, params }),
    });
    this.#session ??= response.headers.get('mcp-session-id');
    const body = (await response.json()) as { result?: unknown; error?: { message: string } };
    if (body.result === undefined)
      throw new PraxisError('DEMO_CALL_FAILED', body.error?.message ?? `HTTP ${response.status}`);
    return body.result;
  }
}
