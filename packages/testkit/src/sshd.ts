import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { makeTempDir, type TempDir } from './temp-dir.ts';

const SSHD_PATHS = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'];
const PRIVILEGE_SEPARATION_DIR = '/run/sshd';
const START_ATTEMPTS = 3;
const READY_TIMEOUT_MS = 10_000;
const POLL_MS = 25;
const STOP_GRACE_MS = 2000;
/** The alias of the server in its client configuration. */
const ALIAS = 'praxis-test-host';

const execute = promisify(execFile);

/** A real OpenSSH server on 127.0.0.1 that lets the current user in with a key of its own. */
export interface TestSshd {
  readonly port: number;
  readonly user: string;
  /** The `Host` of the client configuration that reaches this server. */
  readonly alias: string;
  /** For `ssh -F`: pinned host key, key login, connections shared in a short directory. */
  readonly clientConfigPath: string;
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** What the server has logged so far. */
  log(): string;
  /** Ends the server, its shared connections and its files. */
  stop(): Promise<void>;
}

/**
 * Whether this machine has an OpenSSH server. Without one a contributor's tests say so and skip; in CI
 * (`CI=true`) it throws instead, because nothing may be skipped there.
 */
export function sshdAvailable(): boolean {
  if (sshdPath() !== null) return true;
  const message = 'sshd is missing: install the Debian package openssh-server';
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`${message} (tests over ssh are skipped)\n`);
  return false;
}

/** Starts a server with fresh keys. Throws when there is none or it does not come up. */
export async function startSshd(): Promise<TestSshd> {
  const binary = sshdPath();
  if (binary === null) throw new Error('sshd is missing: install the Debian package openssh-server');
  // As root the server drops its privileges into this directory, which a service start would have made.
  if (process.getuid?.() === 0) mkdirSync(PRIVILEGE_SEPARATION_DIR, { recursive: true, mode: 0o755 });
  const dir = makeTempDir();
  try {
    await Promise.all([makeKey(`${dir.path}/host_key`), makeKey(`${dir.path}/id`)]);
    dir.write('authorized_keys', readFileSync(`${dir.path}/id.pub`));
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      const server = await launch(binary, dir, port);
      if (server !== null) return describeServer(dir, port, server);
      if (attempt === START_ATTEMPTS) throw new Error(`sshd did not start: ${readLog(dir)}`);
    }
  } catch (error) {
    dir.remove();
    throw error;
  }
}

function sshdPath(): string | null {
  return SSHD_PATHS.find((path) => existsSync(path)) ?? null;
}

async function makeKey(path: string): Promise<void> {
  await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'praxis-test', '-f', path]);
}

async function launch(binary: string, dir: TempDir, port: number): Promise<ChildProcess | null> {
  const config = dir.write('sshd_config', serverConfig(dir.path, port));
  const server = spawn(binary, ['-D', '-f', config, '-E', `${dir.path}/sshd.log`], { stdio: 'ignore' });
  const gone = new Promise<void>((settle) => {
    server.once('exit', () => settle());
    server.once('error', () => settle());
  });
  const up = await Promise.race([waitForBanner(port), gone.then(() => false)]);
  if (up) return server;
  server.kill('SIGKILL');
  return null;
}

function serverConfig(dir: string, port: number): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${dir}/host_key`,
    `PidFile ${dir}/sshd.pid`,
    `AuthorizedKeysFile ${dir}/authorized_keys`,
    'UsePAM no',
    'StrictModes no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'MaxStartups 50:30:100',
    'LogLevel VERBOSE',
    '',
  ].join('\n');
}

function describeServer(dir: TempDir, port: number, server: ChildProcess): TestSshd {
  const user = userInfo().username;
  const hostKey = readFileSync(`${dir.path}/host_key.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  const knownHostsFile = dir.write('known_hosts', `[127.0.0.1]:${port} ${hostKey}\n`);
  const identityFile = `${dir.path}/id`;
  const clientConfigPath = dir.write('ssh_config', clientConfig(dir.path, port, user));
  const stop = async (): Promise<void> => {
    await closeSharedConnection(clientConfigPath);
    await end(server);
    dir.remove();
  };
  return {
    port,
    user,
    alias: ALIAS,
    clientConfigPath,
    identityFile,
    knownHostsFile,
    log: () => readLog(dir),
    stop,
  };
}

function clientConfig(dir: string, port: number, user: string): string {
  return [
    `Host ${ALIAS}`,
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${user}`,
    `  IdentityFile ${dir}/id`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${dir}/known_hosts`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '  BatchMode yes',
    '  ControlMaster auto',
    `  ControlPath ${dir}/cm-%C`,
    '  ControlPersist 30',
    '',
  ].join('\n');
}

async function closeSharedConnection(config: string): Promise<void> {
  // Answers 255 when no connection is shared: there is nothing to close then.
  await execute('ssh', ['-F', config, '-O', 'exit', ALIAS]).catch((error: { code?: unknown }) => {
    if (error.code !== 255) throw error;
  });
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  await new Promise<void>((settle) => {
    const timer = setTimeout(() => server.kill('SIGKILL'), STOP_GRACE_MS);
    server.once('exit', () => {
      clearTimeout(timer);
      settle();
    });
    server.kill('SIGTERM');
  });
}

async function waitForBanner(port: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < READY_TIMEOUT_MS; waitedMs += POLL_MS) {
    if (await answers(port)) return true;
    await new Promise((settle) => setTimeout(settle, POLL_MS));
  }
  return false;
}

function answers(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (up: boolean): void => {
      socket.destroy();
      settle(up);
    };
    socket.once('data', (data) => finish(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => finish(false));
    socket.setTimeout(READY_TIMEOUT_MS, () => finish(false));
  });
}

function readLog(dir: TempDir): string {
  const path = `${dir.path}/sshd.log`;
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
