import { lookup } from 'node:dns/promises';

/** How long one name resolution may take, in milliseconds. */
export const RESOLVE_TIMEOUT_MS = 5000;

/** Every address the system resolver has for `host`, in its order. Rejects when there is none or time runs out. */
export async function resolveWithDns(host: string): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`resolution took longer than ${RESOLVE_TIMEOUT_MS} ms`)),
      RESOLVE_TIMEOUT_MS,
    );
  });
  try {
    const answers = await Promise.race([lookup(host, { all: true, order: 'verbatim' }), timeout]);
    return answers.map((answer) => answer.address);
  } finally {
    clearTimeout(timer);
  }
}
