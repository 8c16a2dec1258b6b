import type { Tier } from '@praxis/core';

function words(list: string): string[] {
  return list.trim().split(/\s+/);
}

/** Aliases every PowerShell starts with. */
export const ALIASES: ReadonlyMap<string, string> = new Map(
  words(`rm:remove-item del:remove-item ri:remove-item rd:remove-item erase:remove-item rmdir:remove-item ls:get-childitem
  dir:get-childitem gci:get-childitem cat:get-content gc:get-content type:get-content echo:write-output write:write-output
  iex:invoke-expression icm:invoke-command iwr:invoke-webrequest irm:invoke-restmethod curl:invoke-webrequest
  wget:invoke-webrequest sc:set-content si:set-item sp:set-itemproperty ni:new-item md:new-item mkdir:new-item
  mv:move-item mi:move-item move:move-item cp:copy-item cpi:copy-item copy:copy-item ren:rename-item rni:rename-item
  kill:stop-process spps:stop-process ps:get-process gps:get-process sleep:start-sleep cd:set-location sl:set-location
  chdir:set-location pwd:get-location gl:get-location pushd:push-location popd:pop-location clc:clear-content
  cli:clear-item clp:clear-itemproperty ac:add-content gi:get-item gp:get-itemproperty gpv:get-itempropertyvalue
  rp:remove-itemproperty rnp:rename-itemproperty mp:move-itemproperty cpp:copy-itemproperty rvpa:resolve-path
  cvpa:convert-path sajb:start-job gjb:get-job rcjb:receive-job rjb:remove-job spjb:stop-job wjb:wait-job
  saps:start-process start:start-process sasv:start-service spsv:stop-service gsv:get-service ii:invoke-item
  gm:get-member gcm:get-command gal:get-alias sal:set-alias nal:new-alias ipmo:import-module rmo:remove-module
  gmo:get-module nmo:new-module where:where-object ?:where-object foreach:foreach-object %:foreach-object
  select:select-object sort:sort-object group:group-object measure:measure-object compare:compare-object
  diff:compare-object tee:tee-object ft:format-table fl:format-list fw:format-wide fc:format-custom fhx:format-hex
  oh:out-host ogv:out-gridview lp:out-printer epcsv:export-csv ipcsv:import-csv epal:export-alias ipal:import-alias
  clear:clear-host cls:clear-host h:get-history history:get-history ghy:get-history r:invoke-history ihy:invoke-history
  clhy:clear-history gv:get-variable sv:set-variable set:set-variable nv:new-variable clv:clear-variable
  rv:remove-variable gdr:get-psdrive ndr:new-psdrive mount:new-psdrive rdr:remove-psdrive gwmi:get-wmiobject
  iwmi:invoke-wmimethod swmi:set-wmiinstance rwmi:remove-wmiobject gcim:get-ciminstance icim:invoke-cimmethod
  ncim:new-ciminstance scim:set-ciminstance rcim:remove-ciminstance gin:get-computerinfo gtz:get-timezone
  stz:set-timezone scb:set-clipboard gcb:get-clipboard sls:select-string man:help etsn:enter-pssession
  exsn:exit-pssession nsn:new-pssession gsn:get-pssession rsn:remove-pssession trcm:trace-command shcm:show-command
  ebp:enable-psbreakpoint dbp:disable-psbreakpoint sbp:set-psbreakpoint gbp:get-psbreakpoint rbp:remove-psbreakpoint
  gerr:get-error gu:get-unique asnp:add-pssnapin rsnp:remove-pssnapin cfs:convertfrom-string upmo:update-module`).map(
    (pair): [string, string] => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)],
  ),
);

/** What a cmdlet does by its verb, when nothing is known of its noun. */
export const VERBS: ReadonlyMap<string, Tier> = new Map(
  Object.entries({
    T0: `get test select where sort measure compare resolve find search show convertto convertfrom group join
      split read wait watch trace assert receive ping debug measure`,
    T3: 'remove reset clear initialize uninstall revoke deny wipe destroy purge delete erase restore ',
  }).flatMap(([tier, list]) => words(list).map((verb): [string, Tier] => [verb, tier as Tier])),
);

function table(entries: Readonly<Record<Tier, string>>): ReadonlyMap<string, Tier> {
  return new Map(
    Object.entries(entries).flatMap(([tier, list]) =>
      words(list).map((name): [string, Tier] => [name, tier as Tier]),
    ),
  );
}

/** Cmdlets whose verb says too much or too little. */
export const CMDLETS: ReadonlyMap<string, Tier> = table({
  T0: `convert-path write-verbose write-debug write-warning write-error write-information write-progress foreach-object write-host write-output out-null out-string out-host out-default out-gridview format-table format-list
    format-wide format-custom format-hex import-csv import-clixml import-localizeddata import-powershelldatafile start-sleep
    set-location set-strictmode clear-host clear-variable clear-history new-timespan new-guid 
    add-member remove-variable remove-module remove-event remove-alias remove-typedata remove-psbreakpoint help more prompt
    invoke-webrequest invoke-restmethod resolve-dnsname test-connection out-lineoutput set-psdebug set-tracesource
    new-variable set-variable set-pshostprocess get-credential exit-pssession update-formatdata set-psreadlineoption
    set-psreadlinekeyhandler new-psobject pause invoke-scriptanalyzer complete-transaction
     limit-object tabexpansion2 set-markdownoption invoke-formatter 
    wait-debugger register-argumentcompleter enable-psbreakpoint disable-psbreakpoint set-psbreakpoint`,
  T1: `new-item copy-item move-item rename-item tee-object export-csv export-clixml export-alias compress-archive
    expand-archive new-temporaryfile start-transcript stop-transcript start-job stop-job remove-job start-threadjob remove-pssession
    remove-psdrive new-psdrive new-pssession new-pssessionoption set-clipboard new-alias set-alias new-event
    new-cimsession remove-cimsession new-module new-modulemanifest save-help update-help
    suspend-job resume-job invoke-history add-content set-content out-file export-modulemember
    new-object register-engineevent register-objectevent unregister-event new-scheduledtaskaction
    new-scheduledtasktrigger new-scheduledtaskprincipal new-scheduledtasksettingsset `,
  T2: `new-service new-localuser new-localgroup new-aduser new-adgroup new-adcomputer new-netfirewallrule new-netipaddress
    new-netroute new-smbshare new-smbmapping new-partition new-volume new-vm new-vhd new-itemproperty new-winevent
    new-eventlog new-scheduledtask new-ciminstance new-dnsrecord new-azvm new-azresourcegroup new-website
    new-webapppool new-selfsignedcertificate new-virtualdisk new-storagepool new-vmswitch new-netnat new-netlbfoteam
    remove-item remove-itemproperty remove-adgroupmember remove-localgroupmember remove-printer remove-netfirewallrule
    remove-smbmapping remove-clusternode clear-content clear-item clear-itemproperty clear-dnsclientcache
    clear-bitlockerautounlock import-module out-printer write-eventlog write-volumecache uninstall-module uninstall-package
    uninstall-script invoke-command invoke-item invoke-cimmethod invoke-wmimethod invoke-expression read-s3object
     new-psrole convert-vhd      
    new-psworkflowexecutionoption write-s3object set-item set-itemproperty set-acl`,
  T3: `stop-computer restart-computer format-volume clear-disk initialize-disk add-type clear-eventlog clear-recyclebin
    remove-wmiobject remove-ciminstance reset-computermachinepassword reset-physicaldisk  
    remove-partition enter-pssession invoke-asworkflow remove-computer restore-computer
    disable-computerrestore disable-bitlocker resize-partition 
    delete-volumesnapshot limit-eventlog remove-eventlog debug-process invoke-mimikatz`,
});

/** Cmdlets that destroy a disk or volume: refused. */
export const DISK_WIPES: ReadonlySet<string> = new Set(['format-volume', 'clear-disk', 'initialize-disk']);

/** Cmdlets that support `-WhatIf` and then change nothing. */
export const PREVIEWED: ReadonlySet<string> = new Set(
  words(`remove-item copy-item move-item rename-item new-item set-item clear-item set-content add-content clear-content
  out-file set-itemproperty new-itemproperty remove-itemproperty stop-process stop-service start-service restart-service
  set-service new-service remove-service suspend-service resume-service stop-computer restart-computer clear-disk format-volume
  initialize-disk remove-partition clear-eventlog remove-eventlog set-acl export-csv export-clixml invoke-cimmethod
  invoke-wmimethod remove-ciminstance remove-wmiobject set-executionpolicy uninstall-module install-module
  update-module clear-recyclebin remove-computer add-computer rename-computer new-localuser remove-localuser
  set-localuser disable-localuser enable-localuser add-localgroupmember remove-localgroupmember new-aduser
  remove-aduser set-aduser disable-adaccount remove-adgroup remove-vm stop-vm compress-archive set-date`),
);

/** Cmdlets that are judged by the path they write to, and the parameter that names it. */
export const WRITERS: ReadonlyMap<
  string,
  { readonly parameters: readonly string[]; readonly position: number }
> = new Map([
  ['new-item', { parameters: ['path'], position: 0 }],
  ['copy-item', { parameters: ['destination'], position: 1 }],
  ['move-item', { parameters: ['path', 'literalpath', 'destination'], position: 0 }],
  ['rename-item', { parameters: ['path', 'literalpath'], position: 0 }],
  ['set-content', { parameters: ['path', 'literalpath'], position: 0 }],
  ['add-content', { parameters: ['path', 'literalpath'], position: 0 }],
  ['clear-content', { parameters: ['path', 'literalpath'], position: 0 }],
  ['out-file', { parameters: ['filepath', 'literalpath', 'path'], position: 0 }],
  ['tee-object', { parameters: ['filepath', 'literalpath'], position: 0 }],
  ['export-csv', { parameters: ['path', 'literalpath'], position: 0 }],
  ['export-clixml', { parameters: ['path', 'literalpath'], position: 0 }],
  ['start-transcript', { parameters: ['path', 'literalpath'], position: 0 }],
  ['expand-archive', { parameters: ['destinationpath'], position: 1 }],
  ['compress-archive', { parameters: ['destinationpath'], position: 1 }],
  ['set-item', { parameters: ['path', 'literalpath'], position: 0 }],
  ['clear-item', { parameters: ['path', 'literalpath'], position: 0 }],
  ['set-itemproperty', { parameters: ['path', 'literalpath'], position: 0 }],
  ['new-itemproperty', { parameters: ['path', 'literalpath'], position: 0 }],
  ['set-acl', { parameters: ['path', 'literalpath'], position: 0 }],
]);

/** Parameters without a value, so that the word behind them is an operand. */
export const SWITCHES: readonly string[] =
  words(`recurse force whatif confirm passthru append noclobber nonewline verbose debug
  asjob wait asplaintext raw directory file hidden readonly system container usebasicparsing allowclobber
  notypeinformation useculture leaf parent simplematch casesensitive notmatch allmatches list quiet descending unique
  autosize wrap expand includetotalcount nonewwindow usenewenvironment`);
