import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, sha256Hex } from '@praxis/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyLedger, type VerifyOptions } from '../src/index.ts';
import { aLedger, anEntry } from './a-ledger.ts';
import { layOut, makeWorlds, notesOf, type World, type Worlds } from './attack-worlds.ts';

const PAGE = join(import.meta.dirname, '../../../docs/reference/ledger-attacks.md');
const DOMAINS = ['log', 'evidence', 'anchor', 'witness'] as const;
type Domain = (typeof DOMAINS)[number];
const ATTACKS = ['truncation', 'rollback', 'fork', 'replacement'] as const;
type Attack = (typeof ATTACKS)[number];

/** What an auditor checks with, and whether the attacker can have stamps made at will. */
interface Setting {
  readonly name: string;
  readonly key: boolean;
  readonly anchor: boolean;
  readonly witness: boolean;
  readonly stamps: boolean;
  readonly stampsReached: boolean;
}

const NOTHING = { key: false, anchor: false, witness: false, stamps: false, stampsReached: true };
const SETTINGS: readonly Setting[] = [
  { ...NOTHING, name: 'nothing' },
  { ...NOTHING, name: 'key', key: true },
  { ...NOTHING, name: 'key, anchor', key: true, anchor: true },
  { ...NOTHING, name: 'key, witness', key: true, witness: true },
  { ...NOTHING, name: 'key, stamps out of reach', key: true, stamps: true, stampsReached: false },
  { ...NOTHING, name: 'key, stamps in reach', key: true, stamps: true },
  { ...NOTHING, name: 'all', key: true, anchor: true, witness: true, stamps: true },
];

/** Every non-empty subset. */
const REACHED: readonly (readonly Domain[])[] = Array.from({ length: 15 }, (_, i) =>
  DOMAINS.filter((_domain, bit) => ((i + 1) >> bit) % 2 === 1),
).sort((a, b) => a.length - b.length);

const NOT_SHOWN = 'not shown';
let worlds: Worlds;
let base: string;
let directory: string;

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'praxis-attacks-'));
  directory = join(base, 'audited');
  worlds = await makeWorlds(base);
}, 60_000);

afterAll(() => rmSync(base, { recursive: true, force: true }));

function worldOf(attack: Attack, reached: readonly Domain[], stamps: boolean): World {
  if (attack === 'truncation' || attack === 'rollback') return worlds[attack];
  return worlds[attack]({ witness: reached.includes('witness'), stamps });
}

/** What is found where the attacker changed what was reached, and nothing else. */
async function verdict(attack: Attack, reached: readonly Domain[], setting: Setting): Promise<string> {
  const { truth, key, witnessKey, stampVerifiers } = worlds;
  const forged = worldOf(attack, reached, setting.stampsReached);
  const pick = (domain: Domain): World => (reached.includes(domain) ? forged : truth);
  const found = { log: pick('log').log, evidence: pick('evidence').evidence, anchor: pick('anchor').anchor };
  const { path, anchorPath } = layOut(directory, { ...found, witness: [] });
  const options: VerifyOptions = {
    ...(setting.key ? { publicKeys: [key] } : {}),
    ...(setting.anchor ? { anchorPath } : {}),
    ...(setting.witness ? { witnessKeys: [witnessKey], witnessedNotes: notesOf(pick('witness')) } : {}),
    ...(setting.stamps ? { stampVerifiers } : {}),
  };
  return (await verifyLedger(path, options)).first_bad?.code ?? NOT_SHOWN;
}

async function table(): Promise<string> {
  const rows = [
    `| attacker reaches | attack | ${SETTINGS.map(({ name }) => name).join(' | ')} |`,
    `|---|---|${SETTINGS.map(() => '---').join('|')}|`,
  ];
  for (const reached of REACHED) {
    for (const attack of ATTACKS) {
      const cells: string[] = [];
      for (const setting of SETTINGS) {
        const code = await verdict(attack, reached, setting);
        cells.push(code === NOT_SHOWN ? NOT_SHOWN : `\`${code}\``);
      }
      rows.push(`| ${reached.join(', ')} | ${attack} | ${cells.join(' | ')} |`);
    }
  }
  return rows.join('\n');
}

describe('what an attacker did to a ledger', () => {
  it('is nothing when it is as it was', async () => {
    for (const setting of SETTINGS) expect(await verdict('fork', [], setting)).toBe(NOT_SHOWN);
  });

  it('shows to whoever has key, anchor and witness, unless the attacker reached all of them', async () => {
    const [all] = SETTINGS.slice(-1);
    if (all === undefined) throw new Error('no setting');
    for (const reached of REACHED) {
      for (const attack of ATTACKS) {
        const found = { reached, attack, shown: (await verdict(attack, reached, all)) !== NOT_SHOWN };
        const everything = reached.length === DOMAINS.length && attack !== 'replacement';
        expect(found).toEqual({ reached, attack, shown: !everything });
      }
    }
  });

  it('shows as the page on attacks says, row by row', async () => {
    const page = readFileSync(PAGE, 'utf8');
    const shown = page.split('\n').filter((line) => line.startsWith('| '));
    const from = shown.findIndex((line) => line.startsWith('| attacker reaches | attack'));
    const made = (await table()).split('\n').filter((line) => line.startsWith('| '));
    expect(shown.slice(from, from + made.length)).toEqual(made);
  });
});

/** Rewrites the log from record `from` on, as whoever needs no key for it: each line with a hash of its own. */
function rechained(lines: readonly string[], from: number): string[] {
  const made = lines.slice(0, from);
  for (const [i, line] of lines.slice(from).entries()) {
    const record = JSON.parse(line) as Record<string, unknown>;
    delete record['entry_hash'];
    const before = (JSON.parse(made.at(-1) ?? '') as { entry_hash: string }).entry_hash;
    const changed = { ...record, prev_hash: before, ...(i === 0 ? { args: { rewritten: true } } : {}) };
    const canonical = canonicalJson(changed);
    made.push(`${canonical.slice(0, -1)},"entry_hash":"${sha256Hex(canonical)}"}`);
  }
  return made;
}

const ON_LINES: readonly (readonly [string, (lines: readonly string[]) => readonly string[]])[] = [
  ['a record changed', (all) => all.with(3, (all[3] ?? '').replace('query_facts', 'other_tool'))],
  ['a record dropped', (all) => all.toSpliced(3, 1)],
  ['two records swapped', (all) => all.with(3, all[4] ?? '').with(4, all[3] ?? '')],
  ['a record repeated', (all) => all.toSpliced(3, 0, all[3] ?? '')],
  ['a record changed, and the chain after it rewritten', (all) => rechained(all, 3)],
  ['the end cut off, at a line', (all) => all.slice(0, -3)],
];

describe('what was done to the log', () => {
  it('shows as the page on attacks says, without evidence and with it', async () => {
    const ledgers: string[][] = [];
    for (const evidence of [false, undefined] as const) {
      const ledger = await aLedger(evidence === false ? { evidence } : {});
      for (let i = 0; i < 8; i += 1) await ledger.append(anEntry({ args: { i } }));
      await ledger.close();
      const whole = readFileSync(ledger.path, 'utf8');
      const codes: string[] = [];
      const look = async (): Promise<void> => {
        const code = (await verifyLedger(ledger.path)).first_bad?.code;
        codes.push(code === undefined ? NOT_SHOWN : `\`${code}\``);
      };
      for (const [, change] of ON_LINES) {
        const changed = change(whole.split('\n').slice(0, -1));
        writeFileSync(ledger.path, changed.map((line) => `${line}\n`).join(''));
        await look();
      }
      writeFileSync(ledger.path, whole);
      rmSync(ledger.path.replace('.jsonl', '.evidence.jsonl'), { force: true });
      await look();
      ledgers.push(codes);
    }
    const names = [...ON_LINES.map(([name]) => name), 'the evidence removed'];
    const rows = names.map((name, i) => `| ${name} | ${ledgers[0]?.[i]} | ${ledgers[1]?.[i]} |`);
    const page = readFileSync(PAGE, 'utf8').split('\n');
    expect(page.filter((line) => names.some((name) => line.startsWith(`| ${name} |`)))).toEqual(rows);
  });
});
