import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { GATE_REASONS } from '@praxis/gate';
import { readConfig } from '@praxis/mcp-server';
import { describe, expect, it } from 'vitest';
import { ADMISSION_STEPS } from '../packages/gate/src/steps.ts';
import { leafCommands, wholeProgram } from './cli-reference.ts';
import { codesIn, findErrorCodes } from './error-codes.ts';
import { readErrorMeanings } from './errors-reference.ts';
import { generatedPages } from './generated-pages.ts';
import { anchorsOf, fencedBlocks, linksOf, markdownPages, praxisCommands } from './markdown.ts';

const ROOT = join(import.meta.dirname, '..');
/** Fewer than there are: a check that reads almost nothing is no check. */
const PAGES_MIN = 20;
const LINKS_MIN = 40;
const CODES_MIN = 80;
const MODULES_MIN = 150;

describe('the reference', () => {
  it('on commands, tools and errors is what the code says (node --conditions=praxis-source governance/write-docs.ts)', async () => {
    for (const [path, text] of Object.entries(await generatedPages(ROOT))) {
      expect(readFileSync(join(ROOT, path), 'utf8'), path).toBe(text);
    }
  });

  it('explains every reason of the gate and no other', () => {
    const { reasons } = readErrorMeanings(join(ROOT, 'governance', 'data'));
    expect(new Set(Object.keys(reasons))).toEqual(new Set(GATE_REASONS));
  });

  it('explains every error code in the code and no other', () => {
    const { errors } = readErrorMeanings(join(ROOT, 'governance', 'data'));
    const found = findErrorCodes(ROOT);
    expect(found.modules).toBeGreaterThan(MODULES_MIN);
    expect(found.codes.length).toBeGreaterThan(CODES_MIN);
    expect(Object.keys(errors).sort()).toEqual(found.codes.map(({ code }) => code).sort());
  });
});

describe('codesIn', () => {
  it('finds what is declared and what is thrown, and nothing else', () => {
    const text = `
      type XErrorCode = 'A_B' | 'C_D'; type Kind = 'E_F';
      throw new XError('G_H', 'I_J'); oddError('K_L'); new Map('M_N'); new PraxisError(code, 'O_P');`;
    expect(codesIn('x.ts', text).sort()).toEqual(['A_B', 'C_D', 'G_H', 'K_L']);
  });
});

/** The rows of the table of variables: name and the cell of the default. */
function documentedVariables(): Map<string, string> {
  const text = readFileSync(join(ROOT, 'docs/reference/configuration.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(PRAXIS_[A-Z_]+)` \|[^|]*\| ([^|]*) \|/gm)];
  return new Map(rows.map((row) => [row[1] ?? '', row[2] ?? '']));
}

/** Every PRAXIS_ variable that the product's modules read: `env['…']` or `text(env, '…')`. */
function readVariables(): Set<string> {
  const files = ['packages', 'apps'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).flatMap((name) =>
      readdirSync(join(ROOT, parent, name, 'src'), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
        .map((file) => join(ROOT, parent, name, 'src', file)),
    ),
  );
  const names = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\benv(?:, ?|\[)'(PRAXIS_[A-Z_]+)'/g)].map(
      (match) => match[1] ?? '',
    ),
  );
  return new Set(names);
}

describe('the page on configuration', () => {
  it('names every variable that is read and no other', () => {
    const documented = [...documentedVariables().keys()];
    expect(documented.length).toBeGreaterThan(20);
    expect(documented.sort()).toEqual([...readVariables()].sort());
  });

  it('gives the default that is used', () => {
    const config = readConfig({ HOME: '/home/anna' });
    const data = config.dataDir;
    const used: Record<string, string | number | null> = {
      PRAXIS_TRANSPORT: config.transport,
      PRAXIS_MODE: config.mode,
      PRAXIS_HTTP_HOST: config.http.host,
      PRAXIS_HTTP_PORT: config.http.port,
      PRAXIS_HTTP_TOKEN: config.http.token,
      PRAXIS_STORE_DSN: config.storeDsn,
      PRAXIS_FACT_KINDS: config.factKinds.path,
      PRAXIS_FACT_KINDS_MODE: config.factKinds.mode,
      PRAXIS_AUDIT_PATH: config.audit.path,
      PRAXIS_EVIDENCE_PATH: config.audit.evidencePath,
      PRAXIS_EVIDENCE_EVERY: config.audit.evidenceEvery,
      PRAXIS_ANCHOR_PATH: config.audit.anchorPath,
      PRAXIS_UNRECORDED_READS: config.audit.unrecordedReads,
      PRAXIS_LEDGER_DURABILITY: config.audit.durability,
      PRAXIS_AUDIT_RETENTION_DAYS: config.audit.retentionDays,
      PRAXIS_EVIDENCE_RETENTION_DAYS: config.audit.evidenceRetentionDays,
      PRAXIS_AUDIT_SYSLOG_ADDRESS: config.audit.syslogAddress,
      PRAXIS_TSA_URL: config.audit.tsaUrl,
      PRAXIS_TSA_CERT: config.audit.tsaCert,
      PRAXIS_RUNBOOK_ROOT: config.runbookRoot,
      PRAXIS_PLAYBOOK_ROOT: config.playbookRoot,
      PRAXIS_TOFU_ROOT: config.tofuRoot,
      PRAXIS_INVENTORY: config.inventoryPath,
      PRAXIS_KILL_SWITCH_PATH: config.killSwitchPath,
      PRAXIS_MAX_ACTIONS: config.budget.actionsMax,
      PRAXIS_MAX_WALL_SECONDS: config.budget.wallSecondsMax,
      PRAXIS_APPROVAL_TTL_SECONDS: config.approvals.ttlSeconds,
      PRAXIS_APPROVAL_TOKENS: config.approvals.consoleTokens ? 'on' : 'off',
    };
    const documented = documentedVariables();
    for (const [name, value] of Object.entries(used)) {
      const shown = value === null ? 'none' : `\`${String(value).replace(data, 'DATA')}\``;
      expect(`${name}: ${documented.get(name)}`).toBe(`${name}: ${shown}`);
    }
  });
});

describe('the page on the architecture', () => {
  it('shows the steps of the gate in their order', () => {
    const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
    const shown = [...text.matchAll(/^\| `(\w+Step)` \|/gm)].map((row) => row[1]);
    expect(shown).toEqual(ADMISSION_STEPS.map((step) => step.name));
  });
});

describe('the pages', () => {
  it('link to what is there', () => {
    const pages = markdownPages(ROOT);
    expect(pages.length).toBeGreaterThan(PAGES_MIN);
    const links = pages.flatMap((page) => linksOf(ROOT, page).map((link) => ({ page, link })));
    expect(links.length).toBeGreaterThan(LINKS_MIN);
    const broken = links.filter(({ page, link }) => !resolves(page, link));
    expect(broken.map(({ page, link }) => `${page}: ${link}`)).toEqual([]);
  });

  it('name only commands and options that exist', async () => {
    const leaves = leafCommands(await wholeProgram());
    const commands = markdownPages(ROOT).flatMap((page) =>
      fencedBlocks(ROOT, page)
        .filter(({ language }) => language === 'sh' || language === 'console')
        .flatMap((block) =>
          praxisCommands(block).map((command) => ({ at: `${block.page}:${block.line}`, command })),
        ),
    );
    expect(commands.length).toBeGreaterThan(15);
    for (const { at, command } of commands) {
      const words = command
        .slice(command.search(/\bpraxis\b/))
        .split(/\s+/)
        .slice(1);
      const leaf = leaves.find((one) => one.words.every((word, index) => word === words[index]));
      expect(leaf?.words.join(' '), `${at}: ${command}`).toBeDefined();
      const known = new Set(leaf?.command.options.flatMap(({ long, short }) => [long, short]));
      const given = words.filter(
        (word) => /^--?[a-z][a-z-]*$/.test(word) && !/['"]/.test(command.split(word)[0]?.at(-1) ?? ''),
      );
      for (const option of given.filter((word) => word.startsWith('--')))
        expect([...known, '--help', '--version'], `${at}: ${command}`).toContain(option);
    }
  });
});

function resolves(page: string, link: string): boolean {
  if (/^(?:https?|mailto):/.test(link)) return true;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || anchorsOf(ROOT, target).has(anchor);
}
