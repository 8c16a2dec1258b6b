import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { allTools } from '@praxis/mcp-server';
import { verifyLedger } from '@praxis/ledger';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aSite, aUsedSite, type Site } from './a-runtime.ts';

/** A certificate is only looked at, so that any will do. */
const PEM_LIKE = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

function flipByteAt(path: string, share: number): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length * share);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

describe('a ledger that cannot be written', () => {
  it.each<[string, (site: Site) => string]>([
    ['below what is no directory', (site) => join(site.dir.write('file', ''), 'audit.jsonl')],
    ['where there is a directory', (site) => site.dir.path],
    [
      'where there is a link',
      (site) => {
        symlinkSync(site.dir.write('elsewhere.jsonl', ''), join(site.dir.path, 'link.jsonl'));
        return join(site.dir.path, 'link.jsonl');
      },
    ],
    ['where there is a device', () => '/dev/null'],
  ])('keeps praxis from starting: %s', async (_what, pathOf) => {
    const site = aSite();
    const start = site.start({ PRAXIS_AUDIT_PATH: pathOf(site) });
    await expect(start).rejects.toMatchObject({ code: 'LEDGER_UNWRITABLE' });
    // Nothing was opened that could have been used without a record.
    expect(existsSync(join(site.state, 'facts.db'))).toBe(false);
  });

  it('lets go of the data directory, so that the next start is not locked out', async () => {
    const site = aSite();
    await expect(site.start({ PRAXIS_AUDIT_PATH: site.dir.path })).rejects.toThrow();
    await site.start();
  });
});

describe('an anchor that cannot be written', () => {
  it('keeps praxis from starting, before anything is recorded, unless the operator allows it', async () => {
    const site = aSite();
    const anchor = join(site.dir.write('file', ''), 'anchor');
    const start = site.start({ PRAXIS_ANCHOR_PATH: anchor });
    await expect(start).rejects.toMatchObject({ code: 'LEDGER_ANCHOR_UNWRITABLE' });
    expect(readFileSync(site.ledger, 'utf8')).toBe('');
    await site.start({ PRAXIS_ANCHOR_PATH: anchor, PRAXIS_ANCHOR_OUTAGE: 'allow' });
    expect(site.records()).toMatchObject([{ kind: 'session' }]);
  });
});

describe('a damaged ledger', () => {
  it.each([0.1, 0.5])('keeps praxis from starting when a byte is wrong (at %d)', async (share) => {
    const site = await aUsedSite();
    await (await site.start()).close();
    flipByteAt(site.ledger, share);
    const before = readFileSync(site.ledger);
    await expect(site.start()).rejects.toMatchObject({ code: 'LEDGER_CORRUPT' });
    expect(readFileSync(site.ledger)).toEqual(before);
  });

  it.each([
    ['a piece of a record', (text: string) => text.slice(0, 100)],
    ['almost a whole one', (text: string) => text.slice(0, text.indexOf('\n') - 2)],
    ['a hole', () => '\u0000'.repeat(64)],
  ])('with a torn tail is recovered, recorded and whole again: %s', async (_what, tailOf) => {
    const site = await aUsedSite();
    appendFileSync(site.ledger, tailOf(readFileSync(site.ledger, 'utf8')));
    await (await site.start()).close();
    const report = await verifyLedger(site.ledger);
    expect(report).toMatchObject({ ok: true, first_bad: null });
    expect(report.recovered).toHaveLength(1);
    expect(readFileSync(site.ledger, 'utf8')).toContain('"kind":"recovery"');
  });

  it('with a tail that no crash leaves keeps praxis from starting', async () => {
    const site = await aUsedSite();
    appendFileSync(site.ledger, 'written by somebody else\n');
    await expect(site.start()).rejects.toMatchObject({ code: 'LEDGER_CORRUPT' });
  });
});

describe('a store that cannot be opened', () => {
  it('keeps praxis from starting when it is no database', async () => {
    const site = await aUsedSite();
    writeFileSync(join(site.state, 'facts.db'), 'this is no database at all '.repeat(200));
    await expect(site.start()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('keeps praxis from starting when another program holds it', { timeout: 20_000 }, async () => {
    const site = await aUsedSite();
    const other = new DatabaseSync(join(site.state, 'facts.db'));
    onTestFinished(() => other.close());
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    await expect(site.start()).rejects.toMatchObject({ code: 'STORE_LOCKED' });
  });

  it('keeps praxis from starting when its name means nothing', async () => {
    await expect(aSite().start({ PRAXIS_STORE_DSN: 'mysql://localhost/x' })).rejects.toMatchObject({
      code: 'FACT_STORE_DSN_INVALID',
    });
  });
});

describe('a broken inventory', () => {
  it.each([
    ['no YAML', 'hosts: [', /inventory\.yaml:\d+:\d+/],
    [
      'a field that is none',
      'hosts:\n  - name: a\n    host_type: ubuntu\n    colour: red\n',
      /inventory\.yaml:\d+:\d+/,
    ],
    ['a type that is none', 'hosts:\n  - name: a\n    host_type: toaster\n', /inventory\.yaml:3:\d+/],
  ])('keeps praxis from starting and says where it is wrong: %s', async (_what, text, where) => {
    const site = aSite();
    const path = site.dir.write('inventory.yaml', text);
    await expect(site.start({ PRAXIS_INVENTORY: path })).rejects.toMatchObject({
      code: 'INVENTORY_INVALID',
      message: expect.stringMatching(where),
    });
    expect(existsSync(site.ledger)).toBe(false);
  });

  it('keeps praxis from starting when anybody may change it', async () => {
    const site = aSite();
    const path = site.dir.write('inventory.yaml', 'hosts: []\n');
    chmodSync(path, 0o666);
    await expect(site.start({ PRAXIS_INVENTORY: path })).rejects.toMatchObject({ code: 'INVENTORY_EXPOSED' });
  });

  it('is no reason to start when it is a directory', async () => {
    const site = aSite();
    await expect(site.start({ PRAXIS_INVENTORY: site.dir.path })).rejects.toMatchObject({
      code: 'INVENTORY_UNREADABLE',
    });
  });
});

describe('a data directory', () => {
  it('that others may write to is refused', async () => {
    const site = aSite();
    mkdirSync(site.state);
    chmodSync(site.state, 0o770);
    await expect(site.start()).rejects.toMatchObject({ code: 'DATA_DIR_PERMISSIONS' });
  });

  it('that is a link is refused', async () => {
    const site = aSite();
    mkdirSync(join(site.dir.path, 'real'));
    symlinkSync(join(site.dir.path, 'real'), site.state);
    await expect(site.start()).rejects.toMatchObject({ code: 'DATA_DIR_SYMLINK' });
  });

  it.runIf(process.getuid?.() === 0)('of another user is refused', async () => {
    const site = aSite();
    mkdirSync(site.state);
    chownSync(site.state, 12_345, 12_345);
    await expect(site.start()).rejects.toMatchObject({ code: 'DATA_DIR_FOREIGN' });
  });

  it('has one holder', async () => {
    const site = aSite();
    await site.start();
    await expect(site.start()).rejects.toMatchObject({ code: 'DATA_DIR_LOCKED' });
  });
});

describe('an operator secret that cannot be read', () => {
  it.each(['', '{', '{"v":2}', 'null'])('keeps praxis from starting: %j', async (text) => {
    const site = await aUsedSite();
    writeFileSync(join(site.state, 'operator.json'), text);
    await expect(site.start()).rejects.toMatchObject({ code: 'OPERATOR_SECRET_UNREADABLE' });
  });
});

describe('time stamps that cannot be had', () => {
  const url = { PRAXIS_TSA_URL: 'https://tsa.example/' };

  it.each<[string, (site: Site) => Record<string, string>]>([
    ['no certificate is named', () => ({})],
    ['there is none at its path', (site) => ({ PRAXIS_TSA_CERT: join(site.dir.path, 'none.pem') })],
    ['a directory is at its path', (site) => ({ PRAXIS_TSA_CERT: site.dir.path })],
    ['it is no PEM', (site) => ({ PRAXIS_TSA_CERT: site.dir.write('a.pem', 'nothing') })],
    ['it is no certificate', (site) => ({ PRAXIS_TSA_CERT: site.dir.write('b.pem', PEM_LIKE) })],
  ])('keep praxis from starting when %s', async (_what, envOf) => {
    const site = aSite();
    await expect(site.start({ ...url, ...envOf(site) })).rejects.toMatchObject({
      code: 'TSA_CERT_UNREADABLE',
    });
    expect(existsSync(site.ledger)).toBe(false);
  });
});

describe('the rules to add to the deny list', () => {
  it('keep praxis from starting when they are named and missing, or wrong', async () => {
    const site = aSite();
    const missing = { PRAXIS_DENY_RULES: join(site.dir.path, 'none.yaml') };
    await expect(site.start(missing)).rejects.toMatchObject({ code: 'DENY_RULES_UNREADABLE' });
    const wrong = { PRAXIS_DENY_RULES: site.dir.write('deny.yaml', 'deny: [{ code: a, comand: rm }]') };
    await expect(site.start(wrong)).rejects.toMatchObject({ code: 'DENY_RULES_INVALID' });
    expect(existsSync(site.ledger)).toBe(false);
  });

  it('hold in every mode and stand in the record', async () => {
    const site = aSite();
    const rules = 'deny: [{ code: no-uptime, command: uptime }]';
    const inventory = site.dir.write(
      'inventory.yaml',
      'hosts:\n  - { name: d1, host_type: ubuntu, actuation_paths: [local] }\n',
    );
    site.dir.write('runbooks/up.sh', 'uptime\n');
    const { services } = await site.start({
      PRAXIS_DENY_RULES: site.dir.write('deny.yaml', rules),
      PRAXIS_INVENTORY: inventory,
      PRAXIS_MODE: 'open',
      PRAXIS_RUNBOOK_ROOT: join(site.dir.path, 'runbooks'),
    });
    const session = services.sessions.open({ id: 's1', principal: 'client:test' });
    const answer = await allTools(services)
      .get('run_action')
      ?.run(
        { adapter: 'runbook', host: 'd1', action: 'up.sh', dry_run: true },
        { session, requestId: null, traceId: null },
        services,
      );
    expect(answer?.body).toMatchObject({ decision: 'denied', reason: 'deny_list' });
    expect(site.records().at(-1)).toMatchObject({ kind: 'refusal', reason: 'deny_list' });
  });
});

describe('the policy document', () => {
  const RULES = `version: 1
id: only-uptime
rules:
  - { name: look, effect: allow, principals: ['client:*'], actions: [shell.exec], resources: ['uptime*'] }
  - { name: no-history, effect: deny, principals: ['*'], actions: [tool.fact_history], resources: ['*'] }
`;

  it('keeps praxis from starting when it is named and missing, or wrong', async () => {
    const site = aSite();
    const missing = { PRAXIS_POLICY: join(site.dir.path, 'none.yaml') };
    await expect(site.start(missing)).rejects.toMatchObject({ code: 'POLICY_UNREADABLE' });
    const wrong = site.dir.write('wrong.yaml', RULES.replace('effect: allow', 'effect: alow'));
    await expect(site.start({ PRAXIS_POLICY: wrong })).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    const pattern = site.dir.write('pattern.yaml', RULES.replace("'uptime*'", "'[uptime'"));
    await expect(site.start({ PRAXIS_POLICY: pattern })).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    expect(existsSync(site.ledger)).toBe(false);
  });

  it('decides what an agent may do, and stands in the record', async () => {
    const site = aSite();
    site.dir.write('runbooks/up.sh', 'uptime\n');
    site.dir.write('runbooks/restart.sh', 'uptime\nsystemctl restart nginx\n');
    const { services, operator } = await site.start({
      PRAXIS_POLICY: site.dir.write('policy.yaml', RULES),
      PRAXIS_INVENTORY: site.dir.write(
        'inventory.yaml',
        'hosts:\n  - { name: d1, host_type: ubuntu, actuation_paths: [local] }\n',
      ),
      PRAXIS_RUNBOOK_ROOT: join(site.dir.path, 'runbooks'),
    });
    const session = services.sessions.open({ id: 's1', principal: 'client:test' });
    const call = async (name: string, args: Record<string, unknown>): Promise<unknown> => {
      const tool = allTools(services).get(name);
      const answer = await tool?.run(args, { session, requestId: null, traceId: null }, services);
      return answer?.body;
    };
    const runbook = (action: string): Promise<unknown> =>
      call('run_action', { adapter: 'runbook', host: 'd1', action, dry_run: true });
    expect(await runbook('up.sh')).toMatchObject({ decision: 'allowed', reason: 'preview' });
    expect(await runbook('restart.sh')).toMatchObject({ decision: 'denied', reason: 'no_matching_policy' });
    expect(await call('query_facts', {})).toMatchObject({ decision: 'allowed' });
    expect(await call('fact_history', { subject: 'host:d1', predicate: 'users' })).toMatchObject({
      decision: 'denied',
      reason: 'explicit_deny',
    });
    const policy = operator.status()['policy'];
    expect(policy).toMatch(/^sha256:[0-9a-f]{32}$/);
    const last = site.records().slice(-4);
    expect(last.map((record) => record['policy_version'])).toEqual([policy, policy, policy, policy]);
  });
});

describe('a missing ssh client', () => {
  it('is a refusal with a record, not a fault', async () => {
    const site = aSite();
    const inventory = site.dir.write(
      'inventory.yaml',
      'hosts:\n  - { name: web1, host_type: ubuntu, addressing: { lan_ip: 192.0.2.1 } }\n',
    );
    const { services } = await site.start({ PRAXIS_INVENTORY: inventory });
    const path = process.env['PATH'];
    onTestFinished(() => {
      process.env['PATH'] = path;
    });
    process.env['PATH'] = site.dir.path;
    const session = services.sessions.open({ id: 's1', principal: 'client:test' });
    const tool = allTools(services).get('run_action');
    const answer = await tool?.run(
      { adapter: 'ssh', host: 'web1', action: 'uptime', dry_run: true },
      { session, requestId: null, traceId: null },
      services,
    );
    expect(answer?.body).toMatchObject({ decision: 'denied', reason: 'binary_missing' });
    expect(site.records().at(-1)).toMatchObject({ kind: 'refusal', reason: 'binary_missing' });
  });
});

describe('what a person is told at start', () => {
  it('is nothing when all is well', async () => {
    const site = aSite();
    const inventory = site.dir.write('inventory.yaml', 'hosts: []\n');
    expect((await site.start({ PRAXIS_INVENTORY: inventory })).warnings).toEqual([]);
  });

  it('is that every host is refused, that everything is stopped, and that the anchor is not written', async () => {
    const site = aSite();
    const file = site.dir.write('file', '');
    const { warnings } = await site.start({
      PRAXIS_KILL_SWITCH_PATH: join(file, 'stop'),
      PRAXIS_ANCHOR_PATH: join(file, 'anchor.jsonl'),
      PRAXIS_ANCHOR_OUTAGE: 'allow',
    });
    expect(warnings).toEqual([
      expect.stringContaining('inventory'),
      expect.stringContaining('stopped'),
      expect.stringContaining('anchor'),
    ]);
  });
});
