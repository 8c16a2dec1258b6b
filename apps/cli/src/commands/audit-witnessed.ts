import { readFileSync } from 'node:fs';
import { errorMessage, PraxisError } from '@praxis/core';
import { askWitness, originLine, searchLedger } from '@praxis/ledger';

/**
 * What asks each witness for the latest checkpoint it saw of a ledger: by URL, or in a file that the witness
 * exported. Undefined when there is nobody to ask. Throws `USAGE` for a file that cannot be read.
 */
export function witnessedBy(
  places: readonly string[] | undefined,
  ledger: string,
  witnessKeys: readonly string[],
): (() => Promise<readonly string[]>) | undefined {
  if (places === undefined) return undefined;
  const isUrl = (place: string): boolean => /^https?:\/\//.test(place);
  if (places.some(isUrl) && witnessKeys.length === 0)
    throw new PraxisError('USAGE', 'a witness that is asked needs its --witness-key');
  const held = places.filter((place) => !isUrl(place)).flatMap(notesIn);
  return async () => {
    const origin = await originOf(ledger);
    // An empty log has nothing that a witness could hold it to.
    if (origin === null) return [];
    const asked = await Promise.all(places.filter(isUrl).map((url) => askWitness(url, origin, witnessKeys)));
    const own = held.filter((note) => note.startsWith(`${originLine(origin)}\n`));
    return [...own, ...asked.filter((note) => note !== null)];
  };
}

async function originOf(ledger: string): Promise<string | null> {
  for await (const record of searchLedger(ledger)) return record.origin_id;
  return null;
}

function notesIn(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.filter((line) => line !== '').map((line) => String(JSON.parse(line)));
  } catch (cause) {
    throw new PraxisError('USAGE', `\`${file}\` is no export of a witness: ${errorMessage(cause)}`, {
      cause,
    });
  }
}
