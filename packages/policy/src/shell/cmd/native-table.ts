import type { Tier } from '@praxis/core';

/** What a program of Windows does by its verb and its flags. */
export interface NativeEntry {
  /** Without arguments. */
  readonly bare: Tier;
  /** With a verb or form that is in no list. */
  readonly other: Tier;
  /** By the first words (one or two) or the first flag, in lower case. */
  readonly verbs: ReadonlyMap<string, Tier>;
  /** Arguments that raise the tier wherever they stand. */
  readonly raises: ReadonlyMap<string, Tier>;
  /** Arguments that make it a report wherever they stand. */
  readonly reports: ReadonlySet<string>;
}

function tiers(list: Partial<Record<Tier, string>>): ReadonlyMap<string, Tier> {
  const map = new Map<string, Tier>();
  for (const tier of ['T0', 'T1', 'T2', 'T3'] as const) {
    for (const name of (list[tier] ?? '').split(',')) if (name.trim() !== '') map.set(name.trim(), tier);
  }
  return map;
}

type Spec = readonly [
  bare: Tier,
  other: Tier,
  verbs?: Partial<Record<Tier, string>>,
  raises?: Partial<Record<Tier, string>>,
  reports?: string,
];

const SPECS: Readonly<Record<string, Spec>> = {
  arp: ['T0', 'T2', { T0: '-a,/a,-g', T2: '-s,-d' }],
  attrib: ['T0', 'T0'],
  at: ['T0', 'T2'],
  auditpol: ['T0', 'T2', { T0: '/get,/list,/backup', T3: '/clear,/remove' }],
  bcdboot: ['T0', 'T3'],
  bcdedit: ['T0', 'T3', { T0: '/enum,/v,/?', T2: '/export' }],
  bitsadmin: ['T0', 'T2', { T0: '/list,/info,/util /version', T3: '/setnotifycmdline' }],
  bootrec: ['T0', 'T3'],
  certutil: [
    'T0',
    'T2',
    {
      T0: '-hashfile,-dump,-store,-verify,-v,-viewstore,/hashfile,/dump,/store',
      T3: '-delstore,-delkey,/delstore',
    },
    { T2: '-urlcache,/urlcache' },
  ],
  chkdsk: ['T0', 'T0', {}, { T2: '/f,/r,/x,/b,/spotfix,/offlinescanandfix' }],
  choco: [
    'T0',
    'T2',
    {
      T0: 'list,search,find,info,outdated,--version,-v,help,config list,source list,features list,feature list',
    },
  ],
  chcp: ['T0', 'T0'],
  cipher: ['T0', 'T2', { T0: '/c,/?,/y' }, { T3: '/w' }],
  cmdkey: ['T0', 'T2', { T0: '/list' }],
  comp: ['T0', 'T0'],
  compact: ['T0', 'T1'],
  defrag: ['T0', 'T2', {}, {}],
  diskpart: ['T3', 'T3'],
  diskshadow: ['T3', 'T3'],
  dism: [
    'T0',
    'T2',
    {},
    { T2: '/disable-feature,/remove-package,/apply-image', T3: '/cleanup-mountpoints,/resetbase' },
    '/checkhealth,/scanhealth,/get-features,/get-packages,/get-drivers,/get-featureinfo,/get-packageinfo,/get-imageinfo,/get-wiminfo,/get-mountedimageinfo,/get-currentedition,/get-intl,/get-capabilities,/analyzecomponentstore',
  ],
  driverquery: ['T0', 'T0'],
  dsquery: ['T0', 'T0'],
  dsget: ['T0', 'T0'],
  dsrm: ['T3', 'T3'],
  dsmod: ['T2', 'T2'],
  dsadd: ['T2', 'T2'],
  eventcreate: ['T0', 'T2'],
  expand: ['T0', 'T2'],
  fc: ['T0', 'T0'],
  find: ['T0', 'T0'],
  findstr: ['T0', 'T0'],
  forfiles: ['T0', 'T0'],
  fltmc: ['T0', 'T2', { T0: 'filters,instances,volumes' }],
  fsutil: [
    'T0',
    'T2',
    {
      T0: 'fsinfo drives,fsinfo drivetype,fsinfo ntfsinfo,fsinfo volumeinfo,fsinfo statistics,fsinfo sectorinfo,volume diskfree,volume list,volume querycluster,dirty query,behavior query,file queryfileid,file queryallocranges,file queryfilenamebyid,hardlink list,quota query,usn queryjournal,usn readdata,reparsepoint query,8dot3name query,resource info,repair query,objectid query',
      T3: 'file setzerodata,usn deletejournal,volume dismount,reparsepoint delete,objectid delete,volume thinlabel,file setvaliddata',
    },
  ],
  ftp: ['T2', 'T2'],
  getmac: ['T0', 'T0'],
  gpresult: ['T0', 'T0', {}, { T1: '/h,/x' }],
  gpupdate: ['T2', 'T2'],
  hostname: ['T0', 'T2'],
  icacls: ['T0', 'T0'],
  cacls: ['T0', 'T0'],
  ipconfig: ['T0', 'T2', { T0: '/all,/displaydns,/allcompartments,/showclassid,-all' }],
  klist: ['T0', 'T0', {}, { T2: 'purge' }],
  label: ['T2', 'T2'],
  logoff: ['T3', 'T3'],
  logman: ['T0', 'T2', { T0: 'query', T3: 'delete' }],
  lpr: ['T2', 'T2'],
  manage: ['T2', 'T2'],
  'manage-bde': ['T0', 'T2', { T0: '-status' }, { T3: '-off,-delete,-forcerecovery,-wipefreespace,-lock' }],
  mklink: ['T0', 'T1'],
  mode: ['T0', 'T0'],
  more: ['T0', 'T0'],
  mountvol: ['T0', 'T2', {}, { T3: '/d,/r,/p' }],
  msg: ['T0', 'T1'],
  mshta: ['T3', 'T3'],
  msiexec: ['T0', 'T2', {}, { T3: '/x,/uninstall' }],
  msinfo32: ['T0', 'T1'],
  nbtstat: ['T0', 'T0', {}, { T2: '-r,-rr' }],
  netstat: ['T0', 'T0'],
  nltest: ['T0', 'T0', {}, { T2: '/sc_reset,/sc_change_pwd,/repl,/sync' }],
  nslookup: ['T0', 'T0'],
  ntdsutil: ['T3', 'T3'],
  openfiles: ['T0', 'T2', { T0: '/query', T3: '/disconnect' }],
  pathping: ['T0', 'T0'],
  ping: ['T0', 'T0'],
  pnputil: ['T0', 'T2', { T0: '/enum-drivers,/enum-devices,-e' }, { T3: '/delete-driver,/remove-device,-d' }],
  powercfg: [
    'T0',
    'T2',
    {
      T0: '/list,/l,-l,-list,/query,/q,-q,/a,/availablesleepstates,/getactivescheme,-getactivescheme,/lastwake,/waketimers,/requests,/devicequery,/aliases',
      T3: '/delete,-delete,/restoredefaultschemes',
    },
  ],
  print: ['T0', 'T2'],
  pubprn: ['T2', 'T2'],
  qprocess: ['T0', 'T0'],
  query: ['T0', 'T0'],
  quser: ['T0', 'T0'],
  qwinsta: ['T0', 'T0'],
  rasdial: ['T0', 'T2'],
  reg: [
    'T0',
    'T2',
    { T0: 'query,compare', T1: 'export', T2: 'add,copy,save,import', T3: 'delete,restore,unload' },
    {},
  ],
  regedit: ['T2', 'T2', {}, { T3: '/d' }],
  regini: ['T2', 'T3'],
  regsvr32: ['T0', 'T3'],
  recover: ['T0', 'T3'],
  repadmin: [
    'T0',
    'T2',
    { T0: '/showrepl,/replsummary,/queue,/showbackup,/showattr' },
    { T3: '/removelingeringobjects' },
  ],
  replace: ['T0', 'T2'],
  reset: ['T2', 'T2', { T3: 'session' }],
  rwinsta: ['T3', 'T3'],
  route: ['T0', 'T2', { T0: 'print', T3: '-f,/f' }, { T2: 'delete' }],
  rundll32: ['T3', 'T3'],
  sc: [
    'T0',
    'T2',
    {
      T0: 'query,queryex,qc,qdescription,qfailure,qtriggerinfo,sdshow,getdisplayname,getkeyname,enumdepend,qprivs,qsidtype,showsid,querylock',
      T3: 'delete,sdset',
    },
  ],
  schtasks: ['T0', 'T2', { T0: '/query,-query', T3: '/delete,-delete' }],
  scoop: ['T0', 'T2', { T0: 'list,search,info,status,--version,help,which' }],
  secedit: ['T0', 'T2', { T0: '/validate,/analyze', T3: '/configure' }],
  servermanagercmd: ['T2', 'T2'],
  setx: ['T0', 'T2'],
  sfc: ['T0', 'T2', { T0: '/verifyonly' }],
  shutdown: ['T0', 'T3', { T2: '/a,-a' }],
  sigverif: ['T0', 'T0'],
  sort: ['T0', 'T0', {}, { T2: '/o,/output' }],
  subst: ['T0', 'T1'],
  systeminfo: ['T0', 'T0'],
  takeown: ['T0', 'T2', {}, { T3: '/r' }],
  taskkill: ['T0', 'T2'],
  tasklist: ['T0', 'T0'],
  timeout: ['T0', 'T0'],
  tracert: ['T0', 'T0'],
  tree: ['T0', 'T0'],
  tscon: ['T2', 'T2'],
  tsdiscon: ['T2', 'T2'],
  tskill: ['T2', 'T2'],
  tzutil: ['T0', 'T2', { T0: '/g,/l' }],
  typeperf: ['T0', 'T0', {}, { T1: '-o' }],
  vaultcmd: ['T0', 'T2', { T0: '/list,/listcreds,/listschema,/listproperties' }],
  ver: ['T0', 'T0'],
  verifier: ['T0', 'T2', { T0: '/query,/querysettings' }],
  vol: ['T0', 'T0'],
  vssadmin: ['T0', 'T2', { T0: 'list', T3: 'delete,resize,revert' }],
  w32tm: ['T0', 'T2', { T0: '/query,/stripchart,/monitor,/tz' }],
  wbadmin: [
    'T0',
    'T2',
    { T0: 'get,get versions', T3: 'delete,start recovery,start systemstaterecovery,disable' },
  ],
  wevtutil: [
    'T0',
    'T2',
    {
      T0: 'el,enum-logs,gl,get-log,ep,enum-publishers,gp,get-publisher,qe,query-events,gli,get-loginfo',
      T3: 'cl,clear-log',
    },
  ],
  where: ['T0', 'T0'],
  whoami: ['T0', 'T0'],
  winget: [
    'T0',
    'T2',
    {
      T0: 'list,ls,search,find,show,--version,-v,--info,features,source list,validate,hash',
      T3: 'source reset',
    },
  ],
  winrm: ['T0', 'T2', { T0: 'get,g,enumerate,e,enum,id,identify', T3: 'delete,d' }],
  winver: ['T0', 'T0'],
  wscript: ['T2', 'T3'],
  cscript: ['T2', 'T3'],
  wusa: ['T2', 'T2', {}, { T3: '/uninstall' }],
};

/** The programs of Windows that are judged by their verb and flags alone. */
export const NATIVE_TABLE: ReadonlyMap<string, NativeEntry> = new Map(
  Object.entries(SPECS).map(([name, [bare, other, verbs, raises, reports]]) => [
    name,
    {
      bare,
      other,
      verbs: tiers(verbs ?? {}),
      raises: tiers(raises ?? {}),
      reports: new Set((reports ?? '').split(',')),
    },
  ]),
);

/**
 * Programs that are the same on every system: their own tables judge them, reached as a bash command of quoted words.
 */
export const PORTABLE_PROGRAMS: ReadonlySet<string> = new Set(
  `dotnet git gh docker docker-compose podman kubectl helm terraform tofu aws az gcloud python python3 node npm npx yarn pnpm pip
  pip3 cargo go java javac mvn gradle make cmake psql mysql sqlite3 mongosh redis-cli ssh scp sftp rsync curl tar
  ansible ansible-playbook talosctl openssl jq rg hostnamectl pg_dump pg_restore mysqldump wget bash sh`.split(
    /\s+/,
  ),
);
