/** How one option of a known client carries a secret. */
export interface SecretOption {
  /** The option as written: `-p`, `-u`. */
  readonly flag: string;
  /** Whether the value may be glued to the flag: `-pVALUE`. */
  readonly glued: boolean;
  /** Whether the value may be the next word; MySQL's `-p` never takes one. */
  readonly spaced: boolean;
  /** Only what follows this character is secret: `user:PASSWORD`. */
  readonly behind?: string;
  /** Only when this word came before: `docker login`. */
  readonly needs?: RegExp;
}

const both = (flag: string, extra: Partial<SecretOption> = {}): SecretOption => ({
  flag,
  glued: true,
  spaced: true,
  ...extra,
});
const spaced = (flag: string, extra: Partial<SecretOption> = {}): SecretOption => ({
  flag,
  glued: false,
  spaced: true,
  ...extra,
});

const LOGIN = /^(?:login|auth|registry|signin)$/;
const CURL: readonly SecretOption[] = [
  both('-u', { behind: ':' }),
  both('-U', { behind: ':' }),
  spaced('-a', { behind: ':' }),
  spaced('--auth', { behind: ':' }),
  spaced('--user', { behind: ':' }),
  spaced('--proxy-user', { behind: ':' }),
  spaced('-E', { behind: ':' }),
  spaced('--cert', { behind: ':' }),
  both('-b', { behind: '=' }),
  spaced('--oauth2-bearer'),
];
const MYSQL: readonly SecretOption[] = [{ flag: '-p', glued: true, spaced: false }];
const STORES = /^(?:secret|put-parameter)$/;
const SECRET_VALUE: readonly SecretOption[] = [
  spaced('--value', { needs: STORES }),
  spaced('--body', { needs: STORES }),
  spaced('--from-literal', { behind: '=', needs: STORES }),
];
const REGISTRY: readonly SecretOption[] = [both('-p', { needs: LOGIN }), ...SECRET_VALUE];
const LDAP: readonly SecretOption[] = [both('-w')];
const MONGO: readonly SecretOption[] = [spaced('-p')];
const SQL_SERVER: readonly SecretOption[] = [both('-P')];
const SMB: readonly SecretOption[] = [both('-U', { behind: '%' }), spaced('--user', { behind: '%' })];
const SNMP: readonly SecretOption[] = [both('-c'), both('-A'), both('-X')];

/** Options that carry secrets under names of one letter, by client. */
export const CLIENT_OPTIONS: readonly {
  readonly client: RegExp;
  readonly options: readonly SecretOption[];
}[] = [
  { client: /^(?:curl|http|https|xh|wget|httpie|aria2c)$/, options: CURL },
  { client: /^(?:mysql|mariadb|percona|mytop|innobackupex|xtrabackup)(?:[a-z_-]{0,24})$/, options: MYSQL },
  { client: /^sshpass$/, options: [both('-p')] },
  {
    client:
      /^(?:docker|podman|nerdctl|helm|buildah|skopeo|oras|crane|oc|cf|az|ibmcloud|heroku|npm|argocd|tkn|rancher)$/,
    options: REGISTRY,
  },
  { client: /^redis-(?:cli|benchmark)$|^valkey-cli$|^keydb-cli$/, options: [spaced('-a')] },
  {
    client: /^ldap(?:search|modify|add|delete|whoami|compare|modrdn|passwd|exop)$/,
    options: [...LDAP, both('-s', { needs: /^ldappasswd$/ }), both('-a', { needs: /^ldappasswd$/ })],
  },
  { client: /^mongo(?:sh|dump|restore|export|import|stat|top|files)?$|^cqlsh$/, options: MONGO },
  { client: /^(?:sqlcmd|bcp|osql|isql|tsql|mssql-cli)$/, options: SQL_SERVER },
  { client: /^(?:ipmitool|ipmi-power)$/, options: [both('-P'), both('-p', { needs: /^ipmi-power$/ })] },
  { client: /^(?:smbclient|rpcclient|smbmap|winexe|wmic|smbget|net|smbcacls)$/, options: SMB },
  { client: /^(?:snmpwalk|snmpget|snmpbulkwalk|snmpset|snmpbulkget|snmptrap|snmpgetnext)$/, options: SNMP },
  { client: /^(?:zip|unzip|rdesktop|bteq)$/, options: [both('-P'), spaced('-p', { needs: /^rdesktop$/ })] },
  {
    client: /^7z[ar]?$|^rar$|^unrar$/,
    options: [
      { flag: '-p', glued: true, spaced: false },
      { flag: '-hp', glued: true, spaced: false },
    ],
  },
  {
    client: /^openssl$/,
    options: [
      spaced('-k'),
      spaced('-K'),
      spaced('-passin', { behind: ':' }),
      spaced('-passout', { behind: ':' }),
      spaced('-pass', { behind: ':' }),
    ],
  },
  { client: /^lftp$/, options: [spaced('-u', { behind: ',' })] },
  {
    client:
      /^(?:evil-winrm|crackmapexec|netexec|nxc|impacket|hydra|vncviewer|xfreerdp3?|wlfreerdp|sdl-freerdp|wfreerdp|rabbitmqadmin|influx|nats|mosquitto_pub|mosquitto_sub|kinit|cadaver)$/,
    options: [
      spaced('-p', { needs: /^(?!cadaver)/ }),
      spaced('-P'),
      { flag: '/p:', glued: true, spaced: false },
    ],
  },
  { client: /^security$/, options: [spaced('-w')] },
  {
    client: /^(?:useradd|usermod|groupadd|groupmod|psexec(?:64)?|paexec|plink|pscp|psftp)$/,
    options: [spaced('-p'), spaced('-pw')],
  },
  { client: /^schtasks$/, options: [spaced('/rp'), spaced('/RP'), spaced('/p'), spaced('/P')] },
  { client: /^(?:aws|kubectl|microk8s|k3s)$/, options: SECRET_VALUE },
  { client: /^gh$/, options: [...SECRET_VALUE, both('-b', { needs: STORES })] },
  { client: /^doctl$/, options: [both('-t')] },
];

/** Words of a command before its secret operands, with the index of the first secret operand behind the last word. */
export const OPERAND_SECRETS: readonly {
  readonly words: readonly RegExp[];
  readonly skip: number;
  readonly count: number;
}[] = [
  { words: [/^(?:set|configure|config|setx|setenv|set-env|env|arg)$/i, /^SECRETNAME$/], skip: 0, count: 1 },
  { words: [/^vault$/, /^login$/], skip: 0, count: 1 },
  { words: [/^bw$/, /^unlock$/], skip: 0, count: 1 },
  { words: [/^ansible-vault$/, /^encrypt_string$/], skip: 0, count: 1 },
  { words: [/^net(?:\.exe)?$/i, /^use$/i, /^\\\\/], skip: 0, count: 1 },
  { words: [/^net(?:\.exe)?$/i, /^use$/i, /^(?:[A-Za-z]:|\*)$/, /^\\\\/], skip: 0, count: 1 },
  { words: [/^net(?:\.exe)?$/i, /^user$/i], skip: 1, count: 1 },
  { words: [/^rabbitmqctl$/, /^(?:add_user|change_password|authenticate_user)$/], skip: 1, count: 1 },
  { words: [/^htpasswd$/, /^-\w*b\w*$/], skip: 2, count: 1 },
  { words: [/^wpa_passphrase$/], skip: 1, count: 1 },
  { words: [/^mysqladmin$/, /^password$/], skip: 0, count: 1 },
  { words: [/^(?:redis-cli|valkey-cli)$/, /^auth$/i], skip: 0, count: 2 },
];
