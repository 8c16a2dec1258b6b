import { type Environment, HOME_PLACEHOLDER, WORKSPACE_PLACEHOLDER } from './environment.ts';
import { matchGlob } from './shell-pattern.ts';
import type { WordValue } from './word.ts';

/** What a path is to the operator of a machine. */
export type PathClass =
  | 'null'
  | 'block-device'
  | 'device'
  | 'network'
  | 'root'
  | 'system-tree'
  | 'top-directory'
  | 'credentials'
  | 'boot'
  | 'kernel'
  | 'kernel-trigger'
  | 'cron'
  | 'rc'
  | 'configuration'
  | 'system'
  | 'workspace'
  | 'scratch'
  | 'home'
  | 'other'
  | 'unknown';

/** A path that a command names: what it is, and its absolute spelling where that is known. */
export interface JudgedPath {
  readonly pathClass: PathClass;
  readonly path: string | null;
}

/** Directories whose recursive removal ends the system. */
const SYSTEM_TREES: ReadonlySet<string> = new Set(
  '/bin /boot /dev /etc /home /lib /lib32 /lib64 /libx32 /opt /proc /root /run /sbin /srv /sys /usr /var /System /Library /Users /Applications /private /nix'.split(
    ' ',
  ),
);
/** Of these, the ones into which software is commonly copied on purpose. */
const COPY_TARGETS: ReadonlySet<string> = new Set(
  '/home /opt /root /srv /Users /Applications /run'.split(' '),
);

const BLOCK_DEVICE =
  /^\/dev\/(?:(?:sd|hd|vd|xvd)[a-z]|nvme\d|mmcblk\d|disk(?:\d|\/)|rdisk\d|dm-\d|md\d|md\/|mapper\/(?!control$)|loop\d|nbd\d|sr\d|pmem\d|zram\d|ram\d|bcache\d|drbd\d|rbd\d|block\/|dasd[a-z]|vg[^/]*\/|zvol\/|mtdblock\d|mtd\d|root$|sd\?|sd\*|\[)/;
const NULL_DEVICE =
  /^\/dev\/(?:null|zero|full|random|urandom|stdin|stdout|stderr|tty|ptmx|fd\/\d+|pts\/\d+)$|^\/proc\/self\/fd\/\d+$/;
const NETWORK_DEVICE = /^\/dev\/(?:tcp|udp)\//;
const CREDENTIALS =
  /\/\.ssh\/(?:authorized_keys2?|id_[^/]+|config|environment|rc)$|^\/etc\/(?:shadow|gshadow|passwd|group|sudoers|sudoers\.d|pam\.d|ssh|security|ld\.so\.preload|ld\.so\.conf|ld\.so\.conf\.d|fstab|crypttab|polkit-1|doas\.conf|login\.defs)-?(?:\/|$)|\/\.(?:aws|gnupg|kube|docker)\/|\/\.netrc$|authorized_keys2?$|^\/var\/lib\/(?:dpkg|rpm)\//;
const CRON = /^\/etc\/(?:cron[^/]*|anacrontab|at\.(?:allow|deny))(?:\/|$)|^\/var\/spool\/(?:cron|at)(?:\/|$)/;
const RC_FILE =
  /\/\.(?:bashrc|bash_profile|bash_login|bash_logout|bash_aliases|profile|zshrc|zshenv|zprofile|zlogin|kshrc|cshrc|tcshrc|inputrc|vimrc|exrc|nanorc|emacs|gitconfig|git-credentials|npmrc|pypirc|pam_environment|xinitrc|xprofile|envrc|forward|rhosts|shosts|wgetrc|curlrc|screenrc|tmux\.conf|psqlrc|my\.cnf|pgpass)$|\/\.git\/(?:hooks\/|config$)|\/\.config\/(?:autostart|systemd|fish|git|environment\.d)\/|\/Library\/LaunchAgents\//;
const CONFIGURATION = /^\/(?:usr\/local\/)?etc\//;
const SYSTEM =
  /^\/(?:bin|sbin|lib|lib32|lib64|libx32|usr|var|run|opt|srv|root|System|Library|Applications|nix|data|mnt|media|snap)(?:\/|$)/;
/** Starting in one of these makes nothing in it the agent's own. */
const NO_WORKSPACE =
  /^\/$|^\/(?:bin|sbin|lib|lib32|lib64|libx32|boot|dev|etc|proc|sys|run|usr(?!\/src)|var(?!\/(?:www|tmp))|nix|System|Library)(?:\/|$)/;
const SCRATCH = /^\/(?:tmp|var\/tmp|dev\/shm|private\/tmp)(?:\/|$)/;
const KERNEL_TRIGGER =
  /^\/proc\/(?:sysrq-trigger|sys\/kernel\/(?:core_pattern|modprobe|sysrq))$|^\/sys\/(?:power|kernel\/uevent_helper|firmware)|^\/dev\/(?:mem|kmem|port|kmsg|watchdog)/;

/** Judges the path that a value names, seen from the working directory. */
export function judgePath(value: WordValue, environment: Environment): JudgedPath {
  if (value.kind === 'unknown' || value.kind === 'set') return UNKNOWN;
  if (value.kind === 'prefix') return judgePrefix(value.text, environment);
  const path = resolvePath(value.text, environment);
  if (path === null) return UNKNOWN;
  return value.isGlob && /[*?[]/.test(path)
    ? judgePattern(path, environment)
    : { pathClass: classOf(path, environment), path };
}

const UNKNOWN: JudgedPath = { pathClass: 'unknown', path: null };

/** Absolute, lexically normal path of `text`, or null when the working directory is not known or is left upwards. */
export function resolvePath(text: string, environment: Environment): string | null {
  if (text.startsWith('/')) return withoutProcessRoot(normalisePath(text));
  const { cwd } = environment;
  if (cwd === null) return null;
  const path = normalisePath(`${cwd}/${text}`);
  // Above the placeholder nothing is known: the real directory may be anywhere.
  const isPlaceholder = cwd === WORKSPACE_PLACEHOLDER || cwd.startsWith(`${WORKSPACE_PLACEHOLDER}/`);
  return isPlaceholder && !path.startsWith(WORKSPACE_PLACEHOLDER) ? null : path;
}

/** `/proc/PID/root` is the root directory again. */
function withoutProcessRoot(path: string): string {
  if (!path.startsWith('/proc/')) return path;
  const rest = path.replace(/^\/proc\/(?:self|thread-self|\d+)\/(?:task\/\d+\/)?root(?=\/|$)/, '');
  return rest === '' ? '/' : rest;
}

/** Lexically normal form of an absolute path: no `.`, `..`, empty components or trailing slash. */
export function normalisePath(text: string): string {
  if (!text.includes('//') && !text.includes('/.') && !text.endsWith('/')) return text;
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** A path of which only the beginning is known: below its last whole directory, unless that may be the root. */
function judgePrefix(text: string, environment: Environment): JudgedPath {
  const slash = text.lastIndexOf('/');
  if (slash < 0)
    return environment.cwd === environment.workspace ? { pathClass: 'workspace', path: null } : UNKNOWN;
  const directory = resolvePath(text.slice(0, slash + 1), environment);
  if (directory === null || directory === '/') return UNKNOWN;
  const pathClass = classOf(`${directory}/${text.slice(slash + 1)}?`, environment);
  return { pathClass, path: null };
}

/** A pattern is judged by the worst path that it matches. */
function judgePattern(path: string, environment: Environment): JudgedPath {
  const parts = path.split('/').slice(1);
  while (parts.length > 0 && isWildcard(parts.at(-1) ?? '')) parts.pop();
  const base = `/${parts.join('/')}`;
  if (base === '/') return { pathClass: 'root', path: base };
  if (!/[*?[]/.test(base)) {
    // `/etc/*` is everything in it, `/etc/*.bak` only some of it.
    if (base !== path) return { pathClass: classOf(base, environment), path: base };
  }
  for (const tree of SYSTEM_TREES) if (matchGlob(base, tree)) return { pathClass: 'system-tree', path: tree };
  if (/^\/dev\/(?:sd|nvme|vd|hd|xvd|mmcblk|disk|\*|\?|\[)/.test(base))
    return { pathClass: 'block-device', path: base };
  return { pathClass: classOf(base, environment), path: base };
}

/** Matches every name, or every name but few. */
function isWildcard(part: string): boolean {
  return (
    (/^[.]?[*?]+$/.test(part) && part.includes('*')) ||
    part === '.[!.]*' ||
    part === '.??*' ||
    part === '[!.]*' ||
    part === '.[^.]*'
  );
}

function classOf(path: string, environment: Environment): PathClass {
  if (path === '/') return 'root';
  if (path.startsWith('/dev')) return deviceClass(path);
  if (SYSTEM_TREES.has(path)) return COPY_TARGETS.has(path) ? 'top-directory' : 'system-tree';
  if (KERNEL_TRIGGER.test(path)) return 'kernel-trigger';
  if (path.startsWith('/proc/') || path.startsWith('/sys/'))
    return NULL_DEVICE.test(path) ? 'null' : 'kernel';
  if (path.startsWith('/boot/')) return 'boot';
  if (CREDENTIALS.test(path)) return 'credentials';
  if (CRON.test(path)) return 'cron';
  if (RC_FILE.test(path)) return 'rc';
  if (SCRATCH.test(path)) return 'scratch';
  return locationClass(path, environment);
}

function locationClass(path: string, environment: Environment): PathClass {
  const { workspace, home } = environment;
  if ((path === workspace || path.startsWith(`${workspace}/`)) && !NO_WORKSPACE.test(workspace))
    return 'workspace';
  if (path === home || path.startsWith(`${home}/`) || path.startsWith(`${HOME_PLACEHOLDER}/`)) {
    return path.slice(path.startsWith(`${home}/`) ? home.length : HOME_PLACEHOLDER.length).startsWith('/.')
      ? 'rc'
      : 'home';
  }
  if (CONFIGURATION.test(path)) return 'configuration';
  return SYSTEM.test(path) ? 'system' : 'other';
}

function deviceClass(path: string): PathClass {
  if (path === '/dev') return 'system-tree';
  if (NULL_DEVICE.test(path)) return 'null';
  if (SCRATCH.test(path)) return 'scratch';
  if (NETWORK_DEVICE.test(path)) return 'network';
  if (KERNEL_TRIGGER.test(path)) return 'kernel-trigger';
  if (BLOCK_DEVICE.test(path)) return 'block-device';
  return path.startsWith('/dev/') ? 'device' : 'other';
}
