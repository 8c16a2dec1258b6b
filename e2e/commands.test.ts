import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { praxis, PRAXIS_BIN, praxisEnv, type Ran } from './support/praxis.ts';

const VECTORS = join(import.meta.dirname, '..', 'vectors');
const SYSTEM_NODE = '/usr/bin/node';
/** From the mildest to the strictest. */
const OUTCOMES = ['T0', 'T1', 'T2', 'T3', 'DENY'];
const SECRET = 'a secret only the operator has';

function anEnv(): Record<string, string> {
  const dir = makeTempDir();
  onTestFinished(() => dir.remove());
  return praxisEnv(dir.path);
}

function readVectors<T>(name: string): T[] {
  return readFileSync(join(VECTORS, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** The answers of one process to these lines. */
async function answers<T>(args: readonly string[], lines: readonly unknown[]): Promise<T[]> {
  const input = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const ran = await praxis([...args, '--jsonl'], anEnv(), { input });
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  const answered = ran.stdout.trimEnd().split('\n');
  expect(answered).toHaveLength(lines.length);
  return answered.map((line) => JSON.parse(line) as T);
}

describe('the tools for checking from outside', () => {
  it('classify every sample command as it is', async () => {
    const vectors = readVectors<{ cmd: string; shell?: string; expect: string; min?: boolean }>(
      'classify.jsonl',
    );
    const lines = vectors.map(({ cmd, shell }) => ({ cmd, ...(shell === undefined ? {} : { shell }) }));
    const found = await answers<{ tier: string; denied: boolean; reasons: { code: string }[] }>(
      ['classify'],
      lines,
    );
    for (const [index, { cmd, expect: expected, min }] of vectors.entries()) {
      const { tier, denied, reasons } = found[index] ?? { tier: 'none', denied: false, reasons: [] };
      const outcome = denied ? 'DENY' : tier;
      if (min === true)
        expect(OUTCOMES.indexOf(outcome), cmd).toBeGreaterThanOrEqual(OUTCOMES.indexOf(expected));
      else expect(outcome, cmd).toBe(expected);
      if (outcome !== 'T0') expect(reasons[0]?.code, cmd).toMatch(/./);
    }
  });

  it('redact every sample document', async () => {
    const vectors = readVectors<{ args: unknown; must_not_survive: string[]; must_survive: string[] }>(
      'redaction.jsonl',
    );
    const found = await answers<unknown>(
      ['redact'],
      vectors.map(({ args }) => args),
    );
    for (const [index, { must_not_survive: secrets, must_survive: kept }] of vectors.entries()) {
      const text = JSON.stringify(found[index]);
      for (const secret of secrets) expect(text).not.toContain(JSON.stringify(secret).slice(1, -1));
      for (const one of kept) expect(text).toContain(JSON.stringify(one).slice(1, -1));
    }
  });

  it('judge every sample destination', async () => {
    const vectors = readVectors<{ input: string; resolves_to?: string[]; expect: string }>('egress.jsonl');
    const lines = vectors.map(({ input, resolves_to: addresses }) => ({
      input,
      ...(addresses === undefined ? {} : { resolves_to: addresses }),
    }));
    const found = await answers<{ verdict: string; reason: string; pinned: string[] }>(['egress'], lines);
    expect(found.map(({ verdict }) => verdict)).toEqual(vectors.map((vector) => vector.expect));
  });

  it('parse sample telemetry, each document whole', async () => {
    const { vectors } = JSON.parse(readFileSync(join(VECTORS, 'collectors', 'manifest.json'), 'utf8')) as {
      vectors: {
        file: string;
        collector: string;
        predicate: string | null;
        subject: string;
        expect: { fact_count: number };
      }[];
    };
    const seen = new Set<string>();
    const one = vectors.filter(({ collector }) => !seen.has(collector) && seen.add(collector));
    expect(one.length).toBeGreaterThanOrEqual(5);
    for (const { file, collector, predicate, subject, expect: expected } of one) {
      const args = [
        'collect',
        '--parse',
        collector,
        '--subject',
        subject,
        ...(predicate === null ? [] : ['--predicate', predicate]),
      ];
      const ran = await praxis(args, anEnv(), {
        input: readFileSync(join(VECTORS, 'collectors', file), 'utf8'),
      });
      const found = JSON.parse(ran.stdout) as {
        facts: Record<string, unknown>[];
        typed: unknown[];
        errors: unknown[];
      };
      expect(found.facts).toHaveLength(expected.fact_count);
      for (const fact of found.facts) {
        expect(Object.keys(fact).sort()).toEqual(['fact_type', 'predicate', 'subject', 'value']);
        expect(fact['subject']).toBe(subject);
      }
    }
  });

  it('answer a bad line with a code, and everything else in order', async () => {
    const input = '{"cmd":"ls"}\r\nnope\n\n{"cmd":7}\n{"cmd":"ls","shell":"fish"}\n{"cmd":"reboot"}';
    const ran = await praxis(['classify', '--jsonl'], anEnv(), { input });
    const found = ran.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { tier?: string; error?: { code: string } });
    expect(found.map(({ tier, error }) => tier ?? error?.code)).toEqual([
      'T0',
      'JSON_INVALID',
      'JSON_INVALID',
      'REQUEST_INVALID',
      'REQUEST_INVALID',
      'T3',
    ]);
    expect(ran.code).toBe(0);
  });

  it('touch nothing on disk', async () => {
    const dir = makeTempDir();
    onTestFinished(() => dir.remove());
    await praxis(['redact', '--jsonl'], praxisEnv(dir.path), { input: '{"a":1}\n' });
    expect(readdirSync(dir.path)).toEqual([]);
  });
});

describe('praxis doctor', () => {
  it('says as JSON what is there, and calls a missing secret a note', async () => {
    const ran = await praxis(['doctor', '--json'], { ...anEnv(), PRAXIS_AUDIT_SYSLOG_ADDRESS: '/dev/log' });
    const { ok, findings } = JSON.parse(ran.stdout) as {
      ok: boolean;
      findings: { what: string; health: string }[];
    };
    expect(ran.code).toBe(0);
    expect(ok).toBe(true);
    const whats = findings.map(({ what }) => what);
    for (const what of [
      'data directory',
      'ledger',
      'inventory',
      'operator',
      'console tokens',
      'shared user',
      'ssh',
    ]) {
      expect(whats).toContain(what);
    }
    expect(findings.every(({ health }) => ['ok', 'note', 'fault'].includes(health))).toBe(true);
  });
});

describe('praxis operator init', () => {
  const init = (
    env: Record<string, string>,
    args: string[],
    secrets: { secret: string; oldSecret?: string },
  ): Promise<Ran> => praxis(['operator', 'init', '--secret-fd', '3', ...args], env, secrets);

  it('is refused a second time without the present secret, and works with it', {
    timeout: 90_000,
  }, async () => {
    const env = anEnv();
    expect((await init(env, [], { secret: `${SECRET}\n` })).code).toBe(0);
    const stored = (): string => readFileSync(join(env['PRAXIS_DATA_DIR'] ?? '', 'operator.json'), 'utf8');
    const first = stored();
    expect(first).not.toContain(SECRET);
    const again = await init(env, [], { secret: 'another secret' });
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('OPERATOR_ALREADY_INITIALISED') });
    const wrong = await init(env, ['--old-secret-fd', '4'], {
      secret: 'another secret',
      oldSecret: 'not it at all',
    });
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('OPERATOR_SECRET_WRONG') });
    expect(stored()).toBe(first);
    expect(
      (await init(env, ['--old-secret-fd=4'], { secret: 'another secret', oldSecret: SECRET })).code,
    ).toBe(0);
    expect(stored()).not.toBe(first);
  });
});

describe('the launcher', () => {
  it.runIf(existsSync(SYSTEM_NODE))(
    'goes on from the system’s Node with input, exit code and secret',
    async () => {
      const env = anEnv();
      const classified = await praxis(['classify', '--jsonl'], env, {
        input: '{"cmd":"ls"}\n',
        node: SYSTEM_NODE,
      });
      expect(JSON.parse(classified.stdout)).toMatchObject({ tier: 'T0' });
      expect((await praxis(['no-such-command'], env, { node: SYSTEM_NODE })).code).toBe(2);
      const set = await praxis(['operator', 'init', '--secret-fd=3'], env, {
        secret: SECRET,
        node: SYSTEM_NODE,
      });
      expect(set.code).toBe(0);
    },
  );

  it.runIf(existsSync(SYSTEM_NODE)).each(['SIGTERM', 'SIGINT'] as const)('hands on %s', async (signal) => {
    const child = spawn(SYSTEM_NODE, [PRAXIS_BIN, 'serve'], { env: anEnv() });
    child.stdin.write('no json\n');
    await once(child.stdout, 'data');
    child.kill(signal);
    expect((await once(child, 'exit'))[0]).toBe(0);
  });

  it('ends quietly when its reader goes away', async () => {
    const child = spawn(process.execPath, [PRAXIS_BIN, 'classify', '--jsonl'], { env: anEnv() });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += String(chunk);
    });
    child.stdin.on('error', () => undefined);
    child.stdin.write('{"cmd":"ls"}\n');
    await once(createInterface({ input: child.stdout }), 'line');
    child.stdout.destroy();
    const more = setInterval(() => child.stdin.write('{"cmd":"ls"}\n'), 5);
    const [code] = (await once(child, 'exit')) as [number];
    clearInterval(more);
    expect([code, stderr]).toEqual([0, '']);
  });
});

describe('the start of a command', () => {
  it('loads no code that it does not need', async () => {
    const list = `import { registerHooks } from 'node:module';
      registerHooks({ load: (url, context, next) => { process.stderr.write(url + '\\n'); return next(url, context); } });`;
    const ran = await praxis(['redact', '--jsonl'], {
      ...anEnv(),
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(list)}`,
    });
    expect(ran.stderr).toContain('/screen/');
    expect(ran.stderr).not.toMatch(/modelcontextprotocol|node:sqlite|postgres|\/policy\/|\/ledger\//);
  });
});
