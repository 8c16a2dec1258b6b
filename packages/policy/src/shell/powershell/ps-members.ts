import type { Tier } from '@praxis/core';
import type { PsMember } from './ps-item.ts';

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}

/** Types whose static members only compute or look, without `system.`. */
const PURE_TYPES =
  words(`math string datetime datetimeoffset convert guid timespan regex int int32 int64 long uint32 uint64
  double float decimal byte char bool boolean version array uri environment bigint numerics.biginteger text.encoding
  text.regularexpressions.regex io.path net.dns net.ipaddress ipaddress globalization.cultureinfo cultureinfo bitconverter
  enum object stringcomparison collections.generic.list timezoneinfo linq.enumerable net.networkinformation.ping
  console xml.xmlconvert web.httputility net.webutility text.json.jsonserializer security.principal.windowsidentity
  security.cryptography.sha256 security.cryptography.md5 security.cryptography.sha1 security.cryptography.hashalgorithm
  random guid text.stringbuilder tuple nullable void switch hashtable psobject pscustomobject ordered xml mailaddress
  security.securestring io.driveinfo net.networkinformation.networkinterface security.principal.windowsprincipal
  security.principal.windowsbuiltinrole diagnostics.stopwatch diagnostics.fileversioninfo threading.thread
  net.servicepointmanager net.securityprotocoltype math windows.forms.systeminformation`);

const PURE_STATICS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'io.file',
    words(`readalltext readalllines readallbytes readlines exists getattributes getlastwritetime getcreationtime
    getlastaccesstime openread opentext getlastwritetimeutc`),
  ],
  [
    'io.directory',
    words(`exists getfiles getdirectories enumeratefiles enumeratedirectories getfilesystementries
    enumeratefilesystementries getcurrentdirectory getlogicaldrives getparent getlastwritetime getcreationtime`),
  ],
  ['diagnostics.process', words('getprocesses getprocessesbyname getprocessbyid getcurrentprocess')],
  ['microsoft.win32.registry', words('getvalue')],
  ['diagnostics.eventlog', words('exists sourceexists geteventlogs logexists')],
  ['appdomain', words('getassemblies')],
]);

/** Static members that destroy, start programs, or load code. */
const GRAVE_STATICS =
  words(`delete start load loadfile loadfrom loadwithpartialname unsafeloadfrom create createinstance invoke
  move replace failfast compile getdelegateforfunctionpointer invokescript newscriptblock emit define
    killall clear`);

/** Members that only compute, look, or close. */
const PURE_METHODS =
  words(`tostring adddays addhours addminutes addseconds addmonths addyears addmilliseconds addticks split replace
  trim trimstart trimend substring contains startswith endswith toupper tolower toupperinvariant tolowerinvariant gettype equals
  indexof lastindexof where foreach add addrange count join padleft padright toshortdatestring tolongdatestring
  toshorttimestring tolongtimestring touniversaltime tolocaltime format getenumerator containskey containsvalue subtract compareto
  tochararray toarray getlength gethashcode getvalue getvaluenames getsubkeynames getproperties getmethods getmembers
  close dispose matches match ismatch getbytes getstring tobase64string readline readtoend read peek length first
  last clone isnullorempty sort reverse getresponse getresponsestream getrelated getowner getownersid item
  single max min sum average tojson isinrole getnetworkcredential gettext tolist todatetime toint32 computehash
  getfiles getdirectories enumeratefiles getaccessrules refresh isalive hasflag values keys getcurrent append appendline
  trygetvalue round floor parse tryparse getelementsbytagname selectnodes selectsinglenode getattribute contains`);

/** Members that destroy, or run text or programs. */
const GRAVE_METHODS =
  words(`delete invoke invokescript invokeasync begininvoke invokereturnasis invokewithcontext
  invokecommand exec execute executenonquery shellexecute run expandstring win32shutdown win32shutdowntracker reboot shutdown
  format chkdsk deletevalue deletesubkey deletesubkeytree wipe loadfile load addscript invokemember
  downloadstring downloaddata createinstance newscriptblock dropdatabase
  start create invokeverb namespace clearlog uninstall getfield getmethod defaultruntime`);

/** What using a member does; null when it only computes or looks. */
export function memberTier(member: PsMember): Tier | null {
  const { name, type } = member;
  if (name === null) return 'T3';
  if (
    type !== null &&
    /^(?:scriptblock|(?:system\.)?management\.automation\.(?!psobject|pscredential|errorrecord|semanticversion|switchparameter)|(?:system\.)?reflection\.|.*\.interopservices|activator|ref$)/.test(
      type,
    )
  ) {
    return member.called ? 'T3' : reflectionProperty(type);
  }
  if (member.isStatic) return staticTier(member, name);
  if (!member.called) return name === 'invokecommand' || name === 'sessionstate' ? 'T3' : null;
  if (GRAVE_METHODS.has(name)) return 'T3';
  return PURE_METHODS.has(name) ? null : 'T2';
}

function reflectionProperty(type: string): Tier | null {
  return /reflection/.test(type) ? 'T3' : null;
}

function staticTier(member: PsMember, name: string): Tier | null {
  // A type held in a variable could be any type.
  if (member.type === null) return member.called ? 'T3' : null;
  if (!member.called) return null;
  const type = member.type.replace(/^system\./, '').replace(/\[.*$/, '');
  if (PURE_STATICS.get(type)?.has(name) === true) return null;
  if (name === 'new')
    return PURE_TYPES.has(type) || /^(?:collections\.|net\.webclient$|net\.http\.)/.test(type) ? null : 'T2';
  if (type === 'environment' && name === 'setenvironmentvariable') return 'T2';
  if (PURE_TYPES.has(type) && name !== 'failfast') return null;
  return GRAVE_STATICS.has(name) ? 'T3' : 'T2';
}

/** `ForEach-Object Name`: a property as a rule; a method of this name would be called. */
export function namedMemberTier(name: string): Tier | null {
  if (GRAVE_METHODS.has(name)) return 'T3';
  return /^(?:kill|stop|remove|set|write|terminate|create|reset|clear|start|moveto|copyto|encrypt|decrypt|install|enable|disable|pause|continue|change|cancel|disconnect|logoff)/.test(
    name,
  )
    ? 'T2'
    : null;
}
