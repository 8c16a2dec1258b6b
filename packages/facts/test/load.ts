import type { FactStore } from '../src/store.ts';
import { aPut } from '../src/store.contract.ts';

const CALLERS = 8;
const FACTS_PER_TRANSACTION = 2;
const VALUE_LENGTH = 3000;
const PAUSE_MS = 10;
const PATIENCE_MS = 25_000;

/** How a call was refused. */
export interface Refusal {
  readonly code: string;
  readonly retryable: boolean;
}

/** What many callers did, each repeating its transaction, with its idempotency keys, until it was accepted. */
export interface Load {
  /** How every refused call was refused. */
  readonly refusals: readonly Refusal[];
  /** Waits until something holds, or for too long. */
  until(what: string, holds: () => boolean): Promise<void>;
  /** How many transactions were accepted. */
  accepted(): number;
  /** Lets every caller have its last transaction accepted; which were. */
  finish(): Promise<ReadonlySet<string>>;
}

/** Puts a store under load. */
export function putUnderLoad(store: FactStore): Load {
  const accepted = new Set<string>();
  const refusals: Refusal[] = [];
  const stopping = new AbortController();
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  const put = async (id: string): Promise<void> => {
    while (!deadline.aborted) {
      try {
        await store.putMany(transactionOf(id));
        accepted.add(id);
        return;
      } catch (error) {
        const { code, retryable } = error as Refusal;
        refusals.push({ code, retryable });
        await pause();
      }
    }
    throw new Error(`${id} was never accepted: ${JSON.stringify(refusals.at(-1))}`);
  };
  const call = async (caller: number): Promise<void> => {
    for (let n = 0; !stopping.signal.aborted; n += 1) await put(`${caller}-${n}`);
  };
  const callers = Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
  // Whoever finishes hears of it; a test that fails before that must not end the process.
  callers.catch(() => undefined);
  return {
    refusals,
    accepted: () => accepted.size,
    async until(what, holds) {
      while (!holds()) {
        if (deadline.aborted) throw new Error(`it never came to this: ${what}`);
        await pause();
      }
    },
    async finish() {
      stopping.abort();
      await callers;
      return accepted;
    },
  };
}

/** What of the accepted transactions the store does not have whole and once, and what it has besides. */
export async function differences(store: FactStore, accepted: ReadonlySet<string>): Promise<string[]> {
  const found = new Map<string, number[]>();
  for await (const { subject, observationCount } of store.stream({}))
    found.set(subject, [...(found.get(subject) ?? []), observationCount]);
  const whole = JSON.stringify(Array.from({ length: FACTS_PER_TRANSACTION }, () => 1));
  const ids = new Set([...[...accepted].map((id) => `host:${id}`), ...found.keys()]);
  return [...ids].filter((id) => JSON.stringify(found.get(id)) !== whole || !accepted.has(id.slice(5)));
}

function transactionOf(id: string): ReturnType<typeof aPut>[] {
  return Array.from({ length: FACTS_PER_TRANSACTION }, (_, k) =>
    aPut({ subject: `host:${id}`, predicate: `p${k}`, value: text(), idempotencyKey: `${id}-${k}` }),
  );
}

/** A text that does not compress, or a full disk would take long. */
function text(): string {
  let made = '';
  while (made.length < VALUE_LENGTH) made += Math.random().toString(36).slice(2);
  return made;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
