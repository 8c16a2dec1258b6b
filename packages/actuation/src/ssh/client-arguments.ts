import { isIPv6 } from 'node:net';
import { type InventoryHost, TARGET_PATTERN } from '@praxis/fleet';
import { type Refusal, refuse } from '../adapter.ts';

/** How long ssh waits for a connection, in seconds. */
const CONNECT_TIMEOUT_S = 10;
const ALIVE_INTERVAL_S = 15;
const ALIVE_COUNT_MAX = 3;

const USER = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
// `%` and `$` are expanded by ssh in file names, quotes and white space split them.
const FILE = /^\/[^\s"'%$\\\p{Cc}]{0,1023}$/u;

/** Options of every connection; nothing an own configuration says can loosen them. */
const FIXED_OPTIONS: readonly string[] = [
  'BatchMode=yes',
  `ConnectTimeout=${CONNECT_TIMEOUT_S}`,
  `ServerAliveInterval=${ALIVE_INTERVAL_S}`,
  `ServerAliveCountMax=${ALIVE_COUNT_MAX}`,
  'ClearAllForwardings=yes',
  'ForwardAgent=no',
  'ForwardX11=no',
  'PermitLocalCommand=no',
  'RemoteCommand=none',
  'RequestTTY=no',
  'StdinNull=no',
  'ForkAfterAuthentication=no',
  'SessionType=default',
  'UpdateHostKeys=no',
  'VerifyHostKeyDNS=no',
  'LogLevel=ERROR',
];

/** What the inventory says about reaching a host, as arguments of ssh. */
export interface ClientArguments {
  readonly refused?: never;
  /** Where the settings come from, before the fixed options: configuration, identity, user, port. */
  readonly selection: readonly string[];
  /** The word that ssh looks up in its configuration. */
  readonly destination: string;
}

/** Turns an inventory entry into arguments; refuses what ssh could read as anything but a value. */
export function clientArguments(host: InventoryHost): ClientArguments | Refusal {
  const ssh = host.ssh ?? {};
  const destination = host.routing.sshAlias ?? ssh.host ?? host.name;
  const names = ssh.host === undefined ? [destination] : [destination, ssh.host];
  const badName = names.find((name) => !isDestination(name));
  if (badName !== undefined) return refuse('target_invalid', `\`${badName}\` is not a host name or address`);
  if (ssh.user !== undefined && !USER.test(ssh.user))
    return refuse('target_invalid', `\`${ssh.user}\` is not a user name`);
  const files = [ssh.configFile, ssh.identityFile, ssh.knownHosts].filter((file) => file !== undefined);
  const badFile = files.find((file) => !FILE.test(file));
  if (badFile !== undefined) return refuse('target_invalid', `\`${badFile}\` is not a plain absolute path`);
  return { selection: selectionOf(host), destination };
}

// A zone (`fe80::1%eth0`) is refused: ssh expands `%` in a host name.
function isDestination(name: string): boolean {
  return TARGET_PATTERN.test(name) || (isIPv6(name) && !name.includes('%'));
}

function selectionOf(host: InventoryHost): string[] {
  const ssh = host.ssh ?? {};
  const args: string[] = [];
  if (ssh.configFile !== undefined) args.push('-F', ssh.configFile);
  if (ssh.user !== undefined) args.push('-l', ssh.user);
  if (ssh.port !== undefined) args.push('-p', String(ssh.port));
  if (host.routing.sshAlias !== undefined && ssh.host !== undefined) args.push('-o', `HostName=${ssh.host}`);
  if (ssh.identityFile !== undefined) args.push('-o', 'IdentitiesOnly=yes', '-i', ssh.identityFile);
  if (ssh.knownHosts !== undefined) {
    args.push('-o', `UserKnownHostsFile=${ssh.knownHosts}`, '-o', 'GlobalKnownHostsFile=/dev/null');
  }
  return args;
}

/**
 * How strictly the host's key is checked. A pinned file or a configuration that says `yes` stays strict;
 * otherwise an unknown key is taken once and pinned, and a changed one is always refused.
 */
export function hostKeyChecking(host: InventoryHost, configured: string | undefined): 'yes' | 'accept-new' {
  const strict = host.ssh?.knownHosts !== undefined || configured === 'yes' || configured === 'true';
  return strict ? 'yes' : 'accept-new';
}

/** The whole argument list of one remote command; `--` ends the options. */
export function connectArguments(
  client: ClientArguments,
  settings: { readonly hostKeyChecking: 'yes' | 'accept-new'; readonly remoteCommand: string },
): string[] {
  const options = [...FIXED_OPTIONS, `StrictHostKeyChecking=${settings.hostKeyChecking}`];
  return [
    '-T',
    ...client.selection,
    ...options.flatMap((option) => ['-o', option]),
    '--',
    client.destination,
    settings.remoteCommand,
  ];
}
