import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeTempDir, startSshd, type TestSshd } from '@praxis/testkit';
import { praxis, praxisEnv } from './praxis.ts';

/** The operator secret of every test world. */
export const OPERATOR_SECRET = 'a secret only the operator has';

/** A scratch tree that stands for a machine, a real sshd, an inventory, runbooks, an operator. */
export interface World extends AsyncDisposable {
  readonly path: string;
  /** The tree that stands for `/`. */
  readonly root: string;
  readonly passwd: string;
  readonly ledger: string;
  readonly env: Record<string, string>;
  /** The machine's accounts as osquery would print them, collected for real. */
  users(): Promise<string>;
  /** Writes a file of the world and answers its path. */
  write(name: string, text: string): string;
}

const PASSWD = 'root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n';

/** Makes a world whose host `web1` is a real sshd on loopback, and whose host `local1` is this machine. */
export async function makeWorld(more: Readonly<Record<string, string>> = {}): Promise<World> {
  const dir = makeTempDir();
  const sshd = await startSshd();
  const write = (name: string, text: string): string => {
    const path = join(dir.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const passwd = write('machine/etc/passwd', PASSWD);
  write('machine/etc/group', 'root:x:0:\ndaemon:x:1:\n');
  write('runbooks/remove-user.sh', `sed -i '/^mallory:/d' ${passwd}\necho removed mallory\n`);
  const env = praxisEnv(dir.path, {
    PRAXIS_MODE: 'open',
    PRAXIS_RUNBOOK_ROOT: join(dir.path, 'runbooks'),
    PRAXIS_INVENTORY: write('inventory.yaml', inventoryOf(sshd)),
    ...more,
  });
  const init = await praxis(['operator', 'init', '--secret-fd', '3', '--name', 'anna'], env, {
    secret: OPERATOR_SECRET,
  });
  if (init.code !== 0) throw new Error(`operator init failed: ${init.stderr}`);
  const root = join(dir.path, 'machine');
  return {
    path: dir.path,
    root,
    passwd,
    ledger: join(dir.path, 'state', 'audit.jsonl'),
    env,
    users: () => collectUsers(root, env),
    write,
    [Symbol.asyncDispose]: async () => {
      await sshd.stop();
      dir.remove();
    },
  };
}

async function collectUsers(root: string, env: Record<string, string>): Promise<string> {
  const collected = await praxis(['collect', '--root', root, '--subject', 'host:web1'], env);
  const { facts } = JSON.parse(collected.stdout) as {
    facts: { predicate: string; value: { rows: unknown } }[];
  };
  const users = facts.find((fact) => fact.predicate === 'users');
  if (users === undefined) throw new Error(`no users were collected: ${collected.stdout}${collected.stderr}`);
  return JSON.stringify(users.value.rows);
}

function inventoryOf(sshd: TestSshd): string {
  return [
    'hosts:',
    '  - name: web1',
    '    host_type: ubuntu',
    `    routing: { ssh_alias: ${sshd.alias} }`,
    '    ssh:',
    `      host: 127.0.0.1`,
    `      port: ${sshd.port}`,
    `      user: ${sshd.user}`,
    `      identity_file: ${sshd.identityFile}`,
    `      known_hosts: ${sshd.knownHostsFile}`,
    `      config_file: ${sshd.clientConfigPath}`,
    '  - name: local1',
    '    host_type: ubuntu',
    '    actuation_paths: [local]',
    '  - name: cp1',
    '    host_type: talos',
    '    addressing: { lan_ip: 192.0.2.10 }',
    '',
  ].join('\n');
}
