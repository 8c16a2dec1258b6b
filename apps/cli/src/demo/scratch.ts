import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { hashOperatorSecret, saveOperatorSecret } from '@praxis/gate';
import { readConfig, type ServerConfig } from '@praxis/mcp-server';
import { openDataDir } from '@praxis/storage';
import { operatorSecretPath } from '../runtime.ts';

/** The host that stands in for a fleet. */
export const DEMO_HOST = 'web1';
/** A host that ssh must never touch. */
export const DEMO_TALOS_HOST = 'cp1';

/** A throw-away world: a tree that stands for a machine, runbooks, an inventory, an operator. */
export interface Scratch {
  readonly path: string;
  /** The tree that stands for the machine's `/`. */
  readonly root: string;
  readonly passwd: string;
  readonly config: ServerConfig;
  readonly httpToken: string;
  readonly operatorSecret: string;
  remove(): void;
}

const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n';

/** Makes the world in a new directory below the system's temporary one. */
export async function makeScratch(): Promise<Scratch> {
  const path = mkdtempSync(join(tmpdir(), 'praxis-demo-'));
  const root = join(path, 'machine');
  const passwd = join(root, 'etc', 'passwd');
  const runbooks = join(path, 'runbooks');
  write(passwd, PASSWD);
  write(join(root, 'etc', 'group'), 'root:x:0:\nwww-data:x:33:\n');
  write(join(root, 'etc', 'os-release'), 'ID=debian\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n');
  write(join(root, 'etc', 'ssh', 'sshd_config'), 'PermitRootLogin no\nPasswordAuthentication no\n');
  write(join(runbooks, 'remove-user.sh'), `sed -i '/^mallory:/d' ${passwd}\necho removed mallory\n`);
  write(join(runbooks, 'clean-up.sh'), '# frees some space\nrm -rf / --no-preserve-root\n');
  const config = readConfig({
    HOME: path,
    PRAXIS_DATA_DIR: join(path, 'state'),
    PRAXIS_RUNBOOK_ROOT: runbooks,
    PRAXIS_INVENTORY: join(path, 'inventory.yaml'),
  });
  write(config.inventoryPath, inventory());
  const operatorSecret = randomBytes(12).toString('base64url');
  saveOperatorSecret(
    operatorSecretPath(openDataDir(config.dataDir)),
    await hashOperatorSecret(operatorSecret, 'you'),
  );
  return {
    path,
    root,
    passwd,
    config,
    httpToken: randomBytes(24).toString('base64url'),
    operatorSecret,
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function inventory(): string {
  return [
    'hosts:',
    `  - name: ${DEMO_HOST}`,
    '    host_type: ubuntu',
    '    actuation_paths: [local]',
    `  - name: ${DEMO_TALOS_HOST}`,
    '    host_type: talos',
    '    addressing: { lan_ip: 192.0.2.10 }',
    '',
  ].join('\n');
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
