import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { type Clock, isTier, type Principal, type Tier } from '@praxis/core';
import type { Session } from '@praxis/gate';
import { createProtocolServer } from '../mcp.ts';
import type { Services } from '../services.ts';
import { newSessionId } from '../sessions.ts';
import type { Tool } from '../tool.ts';

/** How many HTTP sessions live at once; the longest idle one makes room. */
export const HTTP_SESSIONS_MAX = 256;
/** How long a session may be idle, in seconds. */
export const HTTP_SESSION_IDLE_SECONDS = 3600;

/** One stateful session: its transport, and what it may still do. */
export interface HttpSession {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly session: Session;
  lastSeenMs: number;
}

/** The stateful sessions of protocol versions before 2026-07-28, each with its own transport. */
export class HttpSessions {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #services: Services;
  readonly #clock: Clock;
  readonly #live = new Map<string, HttpSession>();

  constructor(tools: ReadonlyMap<string, Tool>, services: Services) {
    this.#tools = tools;
    this.#services = services;
    this.#clock = services.clock;
  }

  get size(): number {
    return this.#live.size;
  }

  /** The live session of this id, or `null`. Looking it up counts as use. */
  find(id: string): HttpSession | null {
    this.#dropIdle();
    const found = this.#live.get(id);
    if (found === undefined) return null;
    this.#live.delete(id);
    this.#live.set(id, found);
    found.lastSeenMs = this.#clock.monotonicMs();
    return found;
  }

  /** Opens a session for an `initialize` request. */
  async open(principal: Principal, consentCeiling: Tier | null): Promise<HttpSession> {
    this.#dropIdle();
    const id = newSessionId();
    const session = this.#services.sessions.open({ id, principal, consentCeiling });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      enableJsonResponse: true,
      onsessionclosed: (closed: string) => {
        this.#live.delete(closed);
      },
    });
    await createProtocolServer(this.#tools, this.#services, () => session).connect(transport);
    const opened: HttpSession = { transport, session, lastSeenMs: this.#clock.monotonicMs() };
    this.#makeRoom();
    this.#live.set(id, opened);
    return opened;
  }

  /** Ends every session. */
  async close(): Promise<void> {
    const all = [...this.#live.values()];
    this.#live.clear();
    await Promise.all(all.map((live) => live.transport.close()));
  }

  #makeRoom(): void {
    const oldest = this.#live.keys().next().value;
    if (this.#live.size >= HTTP_SESSIONS_MAX && oldest !== undefined) this.#drop(oldest);
  }

  #dropIdle(): void {
    const deadlineMs = this.#clock.monotonicMs() - HTTP_SESSION_IDLE_SECONDS * 1000;
    for (const [id, live] of this.#live) {
      if (live.lastSeenMs >= deadlineMs) return;
      this.#drop(id);
    }
  }

  #drop(id: string): void {
    const live = this.#live.get(id);
    this.#live.delete(id);
    live?.transport.close().catch((error: unknown) => {
      this.#services.log(`praxis: closing an idle session failed: ${String(error)}`);
    });
  }
}

/** The ceiling a client asks for at `initialize`: absent is none, anything malformed is the lowest. */
export function consentCeilingOf(params: unknown): Tier | null {
  if (typeof params !== 'object' || params === null || !('consentCeiling' in params)) return null;
  const asked = params.consentCeiling;
  if (asked === null || asked === undefined) return null;
  return isTier(asked) ? asked : 'T0';
}
