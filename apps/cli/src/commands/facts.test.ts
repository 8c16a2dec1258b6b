import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { systemClock } from '@praxis/core';
import { openFactStore, parseOperation } from '@praxis/facts';
import { makeTempDir } from '@praxis/testkit';
import { Command } from 'commander';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { registerFactsCommands } from './facts.ts';

const HERE = import.meta.dirname;
const PROGRAM = `
  import { Command } from 'commander';
  import { registerFactsCommands } from ${JSON.stringify(join(HERE, 'facts.ts'))};
  const program = new Command('praxis');
  registerFactsCommands(program);
  await program.parseAsync(process.argv.slice(1), { from: 'user' });
`;

let store: string;

beforeEach(() => {
  store = join(makeTempDir().path, 'facts.db');
});

interface Answer {
  code: typeof process.exitCode;
  out: string;
}

/** Runs `praxis facts …` in this process. */
async function facts(args: readonly string[]): Promise<Answer> {
  const program = new Command('praxis');
  registerFactsCommands(program);
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(`${line}\n`));
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  process.exitCode = 0;
  await program.parseAsync(['facts', ...args, '--store', store], { from: 'user' });
  const code = process.exitCode;
  process.exitCode = 0;
  log.mockRestore();
  error.mockRestore();
  return { code, out: lines.join('') };
}

/** Applies operations in this process. */
async function given(operations: readonly unknown[]): Promise<void> {
  const opened = await openFactStore({ dsn: store, clock: systemClock });
  for (const operation of operations) {
    const parsed = parseOperation(operation);
    if (parsed.op === 'put') await opened.put(parsed.fact);
  }
  await opened.close();
}

/** Runs `praxis facts … --jsonl` in a process of its own. */
function answers(args: readonly string[], lines: readonly unknown[]): Record<string, unknown>[] {
  const input = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const child = spawnSync(
    process.execPath,
    ['--conditions=praxis-source', '--input-type=module', '-e', PROGRAM, 'facts', ...args, '--store', store],
    { cwd: HERE, input, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: makeTempDir().path } },
  );
  expect([child.status, child.stderr]).toEqual([0, '']);
  const out = child.stdout.trimEnd().split('\n');
  return out.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const PUT = { op: 'put', subject: 'host:web', predicate: 'os', actor: 'test:a' };
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

describe('praxis facts apply --jsonl', () => {
  it('answers each line with its own, strictly later instant, its content hash, and whether it changed anything', () => {
    const results = answers(
      ['apply', '--jsonl'],
      [
        { ...PUT, value: 1 },
        { ...PUT, value: 1 },
        { ...PUT, value: 2, valid_from: '2020-01-01T00:00:00Z', valid_to: '2021-01-01T00:00:00+00:00' },
        { op: 'end', subject: 'host:web', predicate: 'os', actor: 'test:a', reason: 'gone' },
      ],
    );
    expect(results.map((r) => r['changed'])).toEqual([true, false, true, true]);
    for (const r of results)
      expect(Object.keys(r).sort()).toEqual(['changed', 'content_hash', 'recorded_at']);
    const instants = results.map((r) => String(r['recorded_at']));
    for (const instant of instants) expect(instant).toMatch(ISO);
    expect(instants).toEqual([...new Set(instants)].sort());
    expect(results[0]?.['content_hash']).toMatch(/^[0-9a-f]{64}$/);
    expect(results[3]?.['content_hash']).toBeNull();
  });

  it('answers a bad line with an error and goes on', () => {
    const results = answers(
      ['apply', '--jsonl'],
      [
        'not json',
        { ...PUT },
        { ...PUT, value: 1, colour: 'red' },
        { ...PUT, value: 1, valid_from: '2020-01-01T00:00:00' },
        { ...PUT, value: 1, expected: 'f'.repeat(64) },
        { ...PUT, value: 1, op: 'delete' },
        { op: 'end', subject: 'host:web', predicate: 'os', actor: 'test:a', value: 1 },
        { ...PUT, value: 1, valid_from: '2020-01-02', valid_to: '2020-01-01' },
        { ...PUT, value: 1, expected: null },
      ],
    );
    expect(results.map((r) => (r['error'] as { code: string } | undefined)?.code)).toEqual([
      'JSON_INVALID',
      'FACT_INVALID',
      'FACT_INVALID',
      'FACT_INVALID',
      'FACT_VERSION_CONFLICT',
      'FACT_INVALID',
      'FACT_INVALID',
      'FACT_INVALID',
      undefined,
    ]);
    // By the names that the lines have.
    expect(JSON.stringify(results[7])).toContain('`valid_to`');
  });
});

describe('praxis facts query --jsonl', () => {
  it('answers as of both axes', () => {
    const at = (value: number, valid_from: string): object => ({ ...PUT, value, valid_from });
    const [first] = answers(['apply', '--jsonl'], [at(1, '2024-01-01T00:00:00Z')]);
    answers(
      ['apply', '--jsonl'],
      [at(2, '2024-06-01T00:00:00Z'), { ...PUT, predicate: 'port', value: 22, value_key: 'ssh' }],
    );
    const questions = [
      { subject: 'host:web', predicate: 'os' },
      { subject: 'host:web', predicate: 'os', valid_at: '2024-03-01T00:00:00Z' },
      { subject: 'host:web', predicate: 'os', recorded_at: first?.['recorded_at'] },
      { predicate: 'port', fact_type: 'observed' },
      { subject: 'host:web', valid_at: '2020-01-01T00:00:00Z' },
      { nonsense: 1 },
    ];
    const results = answers(['query', '--jsonl'], questions);
    const values = results.map((r) => (r['facts'] as { value: unknown }[] | undefined)?.map((f) => f.value));
    expect(values).toEqual([[2], [1], [1], [22], [], undefined]);
    expect(results[5]).toMatchObject({ error: { code: 'FACT_QUERY_INVALID' } });
    const [fact] = (results[0]?.['facts'] ?? []) as Record<string, unknown>[];
    expect(fact).toMatchObject({
      valid_from: '2024-06-01T00:00:00.000000Z',
      valid_to: null,
      fact_type: 'observed',
      value_key: '',
    });
  });
});

describe('praxis facts for people', () => {
  it('tells history, differences, impact and paths', async () => {
    answers(
      ['apply', '--jsonl'],
      [
        { ...PUT, value: 'old', valid_from: '2024-01-01T00:00:00Z', reason: 'seen' },
        { ...PUT, value: 'new', valid_from: '2024-06-01T00:00:00Z', reason: 'upgraded' },
        { ...PUT, predicate: 'mounts', target: 'storage:x', value: {}, valid_from: '2024-01-01T00:00:00Z' },
        {
          ...PUT,
          subject: 'service:shop',
          predicate: 'runs_on',
          target: 'host:web',
          value: {},
          valid_from: '2024-01-01T00:00:00Z',
        },
      ],
    );
    expect((await facts(['history', 'host:web', '--predicate', 'os'])).out).toContain('upgraded');
    const diff = await facts(['diff', '--from-valid', '2024-02-01T00:00:00Z', '--predicate', 'os']);
    expect(diff.out.split('\n').slice(1, 3)).toEqual(['  - "old"', '  + "new"']);
    expect((await facts(['impact', 'storage:x'])).out).toBe(
      'host:web  (mounts)\n  service:shop  (mounts, runs_on)\n',
    );
    expect((await facts(['impact', 'storage:x', '--valid-at', '2023-01-01'])).out).toBe('nothing\n');
    expect((await facts(['path', 'service:shop', 'storage:x', '--json'])).out).toContain(
      '"target":"storage:x"',
    );
    expect((await facts(['path', 'storage:x', 'service:shop'])).code).toBe(1);
    expect((await facts(['query', '--where', '=new', '--json'])).out).toContain('"new"');
    expect((await facts(['query', '--text', 'upgr*'])).out).toBe('nothing\n');
    expect((await facts(['stale', '1s', '--predicate', 'os'])).code).toBe(0);
    expect((await facts(['check'])).code).toBe(0);
    expect((await facts(['query', '--limit', '0'])).code).toBe(2);
  });

  it('tells the path from a subject to itself, which has no edges', async () => {
    await given([{ ...PUT, value: 1 }]);
    const { code, out } = await facts(['path', 'host:web', 'host:web']);
    expect([code, out]).toEqual([0, 'host:web  (no edges: it is where it began)\n']);
    const { path } = JSON.parse((await facts(['path', 'host:web', 'host:web', '--json'])).out) as {
      path: unknown;
    };
    expect(path).toEqual([]);
    expect((await facts(['path', 'none', 'none'])).code).toBe(2);
  });

  it.each([
    ['query', '--limit', 10_000],
    ['export', '--limit', 10_000],
    ['history host:web', '--limit', 10_000],
    ['stale 1h', '--limit', 10_000],
    ['diff --from-valid 1h', '--limit', 10_000],
    ['nearest [1] --model m', '--limit', 1000],
    ['check', '--limit', 1_000_000],
    ['reach host:web', '--depth', 64],
    ['impact host:web', '--subjects', 100_000],
    ['path host:web host:x', '--depth', 64],
  ])('%s takes only a whole number in range for %s', async (command, option, max) => {
    const asked = (text: string): Promise<Answer> => facts([...command.split(' '), `${option}=${text}`]);
    for (const text of ['abc', '', ' 5', '1.5', '1e1', '0x10', '-1', '0', `${max + 1}`])
      expect([text, (await asked(text)).code]).toEqual([text, 2]);
    expect((await asked(`${max}`)).code).not.toBe(2);
  });

  it('answers a question with an age the same on every page', async () => {
    const old = { ...PUT, observed_at: '2024-01-01T00:00:00Z', valid_from: '2024-01-01T00:00:00Z' };
    await given(['a', 'b', 'c'].map((name) => ({ ...old, subject: `host:${name}`, value: 1 })));
    for (const args of [
      ['stale', '24h'],
      ['query', '--valid-at', '2h'],
      ['query', '--valid-from', '2h', '--valid-to', '1h'],
      ['diff', '--from-valid', '3000d', '--to-valid', '1h'],
    ]) {
      const first = JSON.parse((await facts([...args, '--limit', '2', '--json'])).out) as { next: string };
      const second = await facts([...args, '--limit', '2', '--json', '--cursor', first.next]);
      expect([args, second.code, second.out.includes('host:c')]).toEqual([args, 0, true]);
    }
  });

  it('exports every fact, one a line', async () => {
    await given(['a', 'b', 'c'].map((name) => ({ ...PUT, subject: `host:${name}`, value: 1 })));
    const { out } = await facts(['export', '--limit', '1', '--kind', 'host']);
    const lines = out.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { subject: string }).subject)).toEqual([
      'host:a',
      'host:b',
      'host:c',
    ]);
  });

  it('keeps vectors and tells what is near', async () => {
    await given([{ ...PUT, value: 'a' }]);
    const page = JSON.parse((await facts(['query', '--json'])).out) as { facts: { content_hash: string }[] };
    const contentHash = page.facts[0]?.content_hash;
    const lines = [
      { content_hash: contentHash, vector: [1, 0] },
      { content_hash: 'none', vector: [1] },
      { vector: ['a'] },
    ];
    const kept = answers(['embed', '--jsonl', '--model', 'm'], lines);
    expect(kept[0]).toEqual({ content_hash: contentHash });
    expect(kept.slice(1).map((one) => (one['error'] as { code: string }).code)).toEqual([
      'FACT_INVALID',
      'VECTOR_INVALID',
    ]);
    const near = await facts(['nearest', '[2,0]', '--model', 'm', '--limit', '5', '--json']);
    expect(JSON.parse(near.out)).toMatchObject({ nearest: [{ similarity: 1, fact: { value: 'a' } }] });
    expect((await facts(['nearest', 'no json', '--model', 'm'])).code).toBe(2);
  });

  it('does not let what machines say repaint the terminal', async () => {
    await given([
      {
        ...PUT,
        subject: 'host:\u202efdp',
        value: 'a\u009b2Jb',
        reason: 'line one\nhost:fake  os = 1\u001b[2J',
      },
    ]);
    const { out } = await facts(['query']);
    for (const char of ['\u001b', '\u009b', '\u202e']) expect(out).not.toContain(char);
    expect(out.trimEnd().split('\n')).toHaveLength(3);
  });

  it('refuses, tells or ignores what does not fit a kind, as it is told', async () => {
    const port = { ...PUT, subject: 'service:web', predicate: 'port', value: 'eighty' };
    const results = answers(['apply', '--jsonl', '--kinds-mode', 'enforce'], [port, { ...port, value: 80 }]);
    expect(results).toMatchObject([{ error: { code: 'FACT_KIND_INVALID' } }, { changed: true }]);
    expect(answers(['apply', '--jsonl', '--kinds-mode', 'off'], [port])).toMatchObject([{ changed: true }]);
    expect((await facts(['check'])).out).toContain('VALUE');
  });

  it('tells of an entity that lacks what its kind requires', async () => {
    await given([{ ...PUT, subject: 'alert:1', predicate: 'about', target: 'host:web', value: {} }]);
    const { code, out } = await facts(['check', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ code: 'MISSING', subject: 'alert:1', predicate: 'severity' });
  });

  it('seals, verifies, backs up, restores and classifies', async () => {
    await given([{ ...PUT, value: 1 }]);
    const seal = JSON.parse((await facts(['seal', '--json'])).out) as { hash: string };
    expect((await facts(['verify', '--head', seal.hash])).code).toBe(0);
    expect((await facts(['verify', '--head', '0'.repeat(64)])).code).toBe(1);
    expect((await facts(['backup', `${store}.bak`])).code).toBe(0);
    await given([{ ...PUT, value: 2 }]);
    expect((await facts(['restore', `${store}.bak`])).code).toBe(0);
    expect((await facts(['query', '--json'])).out).toContain('"value":1');
    expect((await facts(['classify', 'host:*', '--as', 'restricted', '--reason', 'secret'])).code).toBe(0);
    expect((await facts(['query', '--json'])).out).toContain('"restricted"');
  });
});
