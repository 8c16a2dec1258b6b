/** Variables of the server's environment that a child may see. Everything else stays behind. */
const PASSED = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'TALOSCONFIG',
  'KUBECONFIG',
  'ANSIBLE_CONFIG',
  'ANSIBLE_VAULT_PASSWORD_FILE',
] as const;

/** Values every child gets, whatever the server has: nothing may stop to ask a person. */
export const FORCED_ENVIRONMENT: Readonly<Record<string, string>> = {
  DEBIAN_FRONTEND: 'noninteractive',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '',
  SSH_ASKPASS: '',
};

/** The search path of a child when the server has none, and of every command on a remote host. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** The locale of a child when the server has none, and of every command on a remote host. */
export const DEFAULT_LANG = 'C.UTF-8';

/** The environment of a child: the allowed part of `base`, defaults for PATH and LANG, and the forced values. */
export function childEnvironment(base: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const child: Record<string, string> = { PATH: DEFAULT_PATH, LANG: DEFAULT_LANG };
  for (const name of PASSED) {
    const value = base[name];
    if (value !== undefined && value !== '') child[name] = value;
  }
  return { ...child, ...FORCED_ENVIRONMENT };
}
