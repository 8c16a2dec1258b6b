import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '@praxis/core';

import type { DerivedReport, FactBackend, Seal, SealBounds, SealedRow, SealedRows } from './backend.ts';
import type { FactVerifyReport, SealHead } from './store.ts';
import { contentHashOf } from './validate.ts';

const ROWS_PER_READ = 2000;
const GENESIS_HASH = '0'.repeat(64);
const GENESIS: SealBounds = { seq: 0, recordedAt: Number.MIN_SAFE_INTEGER, ruleId: 0 };
const PARTS: readonly SealedRows[] = ['recorded', 'superseded', 'rules'];

/** Adds a link over what was recorded since the last one; null when there is nothing new. */
export function sealStore(backend: FactBackend, clock: Clock): Promise<SealHead | null> {
  const seal = (): Promise<SealHead | null> => addLink(backend, clock);
  return backend.sealAlone === undefined ? seal() : backend.sealAlone(seal);
}

async function addLink(backend: FactBackend, clock: Clock): Promise<SealHead | null> {
  const last = (await backend.seals()).at(-1) ?? null;
  const through = await backend.sealBounds();
  const { hash, rows } = await hashLink(backend, last, through);
  if (rows === 0) return null;
  const seal = { ...through, sealId: (last?.sealId ?? 0) + 1, rowsSealed: rows, sealedAt: clock.now(), hash };
  await backend.addSeal(seal);
  return headOf(seal);
}

/**
 * Recomputes every link from the rows themselves. A row that was changed, added or removed behind the
 * store's back breaks the link that covers it; a chain that was cut or made anew lacks the `head`
 * that was kept elsewhere.
 */
export async function verifyStore(
  backend: FactBackend,
  options: { head?: string } = {},
): Promise<FactVerifyReport> {
  await backend.checkIntegrity();
  const seals = await backend.seals();
  let last: Seal | null = null;
  for (const seal of seals) {
    const { hash, rows, hashesWrong } = await hashLink(backend, last, seal, true);
    const isNext = seal.sealId === (last?.sealId ?? 0) + 1;
    if (!isNext || hash !== seal.hash || rows !== seal.rowsSealed || hashesWrong > 0) {
      return report(seals, { sealId: seal.sealId, code: 'FACT_SEAL_BROKEN' }, 0);
    }
    last = seal;
  }
  if (options.head !== undefined && !seals.some((seal) => seal.hash === options.head)) {
    return report(seals, { sealId: seals.length + 1, code: 'FACT_SEAL_MISSING' }, 0);
  }
  const { rows, hashesWrong } = await hashLink(backend, last, await backend.sealBounds(), true);
  const derived = (await backend.verifyDerived?.()) ?? NOTHING_DERIVED;
  return report(seals, null, rows, { ...derived, hashesWrong });
}

const NOTHING_DERIVED: DerivedReport = { textsWrong: 0, answersWrong: 0 };
const NOT_LOOKED_AT: FactVerifyReport['derived'] = { ...NOTHING_DERIVED, hashesWrong: 0 };

function report(
  seals: readonly Seal[],
  firstBad: FactVerifyReport['firstBad'],
  unsealedRows: number,
  derived: FactVerifyReport['derived'] = NOT_LOOKED_AT,
): FactVerifyReport {
  const newest = seals.at(-1);
  const head = newest === undefined ? null : headOf(newest);
  const fits = Object.values(derived).every((wrong) => wrong === 0);
  return { ok: firstBad === null && fits, seals: seals.length, firstBad, head, unsealedRows, derived };
}

function headOf(seal: Seal): SealHead {
  return { sealId: seal.sealId, hash: seal.hash, recordedAt: seal.recordedAt, rowsSealed: seal.rowsSealed };
}

// INVARIANT: a link covers the hash before it, its own bounds, and the rows between, part by part.
async function hashLink(
  backend: FactBackend,
  last: Seal | null,
  through: SealBounds,
  checksHashes = false,
): Promise<{ hash: string; rows: number; hashesWrong: number }> {
  const link = createHash('sha256').update(last?.hash ?? GENESIS_HASH);
  link.update(JSON.stringify([through.seq, through.recordedAt, through.ruleId]));
  const bounds = { after: last ?? GENESIS, through };
  let rows = 0;
  let hashesWrong = 0;
  for (const part of PARTS) {
    const digest = createHash('sha256');
    let skip: readonly number[] | null = null;
    for (;;) {
      const page = await backend.sealedRows(part, bounds, { skip, rowsMax: ROWS_PER_READ });
      for (const row of page) {
        digest.update(`${row.text}\n`);
        if (checksHashes && !hashFits(row)) hashesWrong += 1;
      }
      rows += page.length;
      if (page.length < ROWS_PER_READ) break;
      skip = page.at(-1)?.position ?? null;
      // An embedded store answers at once: without a turn between the pages, a long chain would hold up every writer.
      await nextTurn();
    }
    link.update(digest.digest());
  }
  return { hash: link.digest('hex'), rows, hashesWrong };
}

/** Whether a fact's content hash is that of its content: comparing and setting, and differences, go by it. */
function hashFits({ content }: SealedRow): boolean {
  if (content === undefined) return true;
  return !content.isHalfSuperseded && contentHashOf(content.key, content) === content.contentHash;
}
