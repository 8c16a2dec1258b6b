import type { Tier } from '@praxis/core';

function names(list: string): string[] {
  return list.trim().split(/\s+/);
}

function table(entries: Readonly<Record<Tier, string>>): ReadonlyMap<string, Tier> {
  const map = new Map<string, Tier>();
  for (const tier of ['T0', 'T1', 'T2', 'T3'] as const) {
    for (const name of names(entries[tier])) if (name !== '') map.set(name, tier);
  }
  return map;
}

/** Methods of mongosh and of the values it works on, by what a call does. What is missing is T2. */
export const MONGO_METHODS: ReadonlyMap<string, Tier> = table({
  T0: `find findOne aggregate count countDocuments estimatedDocumentCount distinct explain getIndexes getIndices
    getIndexKeys stats dataSize storageSize totalSize totalIndexSize latencyStats isCapped watch getCollection
    getCollectionNames getCollectionInfos getSiblingDB getDB getMongo getName getFullName getUsers getUser getRoles getRole
    serverStatus serverBuildInfo serverBits serverCmdLineOpts hostInfo version hello isMaster currentOp
    getProfilingStatus getProfilingLevel getReplicationInfo printReplicationInfo printSecondaryReplicationInfo
    printSlaveReplicationInfo printCollectionStats printShardingStatus getLastError getLogComponents getLog listCommands help
    getDBNames getDBs adminCommand runCommand connectionStatus status conf config getShardDistribution getShardVersion
    getBalancerState isBalancerRunning isConfigShardEnabled listShards getBalancerWindow balancerCollectionStatus
    toArray pretty limit skip sort project projection hint min max batchSize maxTimeMS comment collation readPref
    readConcern hasNext next tryNext itcount size count objsLeftInBatch allowDiskUse noCursorTimeout returnKey
    showRecordId close isExhausted addOption tailable map forEach filter reduce some every includes indexOf join slice
    concat keys values entries length push toString toISOString getTime valueOf toFixed trim split toLowerCase toUpperCase
    startsWith endsWith match test substring substr padEnd padStart floor ceil round abs parse stringify log error warn
    getTimestamp getFullYear getMonth getDate getHours setMemoryLimit now sum flat sorted toSorted localeCompare
    setReadPref getReadPref getSearchIndexes getQueryPlan getPlanCache list getWriteConcern getReadConcern validate
    $exists from isArray assign fromEntries has get hexString str toHexString toJSON isNaN`,
  T1: 'setSecondaryOk setSlaveOk startSession getDatabase startTransaction abortTransaction commitTransaction',
  T2: `insert insertOne insertMany update updateOne replaceOne save findAndModify findOneAndUpdate findOneAndReplace
    findOneAndDelete deleteOne createIndex createIndexes ensureIndex createCollection createView renameCollection
    reIndex hideIndex unhideIndex createUser updateUser changeUserPassword grantRolesToUser revokeRolesFromUser createRole
    updateRole grantPrivilegesToRole revokePrivilegesFromRole grantRolesToRole revokeRolesFromRole setProfilingLevel
    fsyncLock fsyncUnlock killOp stepDown freeze reconfig initiate add addArb enableSharding shardCollection
    moveChunk mapReduce bulkWrite setLogLevel createSearchIndex updateSearchIndex auth logout compactStructuredEncryptionData
    initializeOrderedBulkOp initializeUnorderedBulkOp execute setFeatureCompatibilityVersion rotateCertificates
    enableFreeMonitoring disableFreeMonitoring startBalancer stopBalancer setBalancerState addShard`,
  T3: `remove deleteMany updateMany drop dropDatabase dropIndex dropIndexes dropUser dropAllUsers dropRole dropAllRoles
    dropSearchIndex convertToCapped shutdownServer eval cloneDatabase copyDatabase cloneCollection removeShard
    removeShardTag removeUser removeRangeFromZone load require constructor call apply bind exec execSync spawn spawnSync
    execFile fork writeFile writeFileSync unlink unlinkSync rm rmSync rmdir rmdirSync runProgram run removeFile
    invalidateUserCache logoutAll binding mainModule dlopen fromCharCode fromCodePoint raw __proto__ prototype
    defineProperty setPrototypeOf resetPlacementHistory`,
});

/** Functions without a receiver. What is missing is T3: it may be another function under a local name. */
export const MONGO_FUNCTIONS: ReadonlyMap<string, Tier> = table({
  T0: `print printjson tojson ObjectId ISODate Date NumberLong NumberInt NumberDecimal Long Int32 Double Decimal128
    Timestamp UUID BinData MinKey MaxKey RegExp Code DBRef parseInt parseFloat Number String Boolean Array Object isNaN quit
    exit sleep version hostname cls getHostName ls pwd Mongo connect help Symbol Map Set hex md5 HexData BSONRegExp
    BSONSymbol EJSON JSON Math console encodeURIComponent decodeURIComponent disableTelemetry`,
  T1: '',
  T2: 'cd passwordPrompt enableTelemetry edit',
  T3: 'eval Function load require setTimeout setInterval setImmediate run runProgram removeFile fetch import',
});

/** Words of the language after which a parenthesis is no call. */
export const MONGO_CONTROL: ReadonlySet<string> = new Set(
  names('if for while switch catch function return typeof new in of void async await do else try'),
);

/** Database commands by their first key. What is missing is T2. */
export const MONGO_COMMANDS: ReadonlyMap<string, Tier> = table({
  T0: `ping serverStatus buildInfo listDatabases collStats dbStats find count distinct aggregate hello isMaster ismaster
    replSetGetStatus replSetGetConfig getParameter currentOp listCollections listIndexes getLog connectionStatus hostInfo top explain
    whatsmyuri getCmdLineOpts dbHash listCommands usersInfo rolesInfo getShardMap listShards features buildinfo
    dataSize isdbgrid netstat connPoolStats lockInfo shardConnPoolStats validate getClusterParameter balancerStatus`,
  T1: '',
  T2: 'insert update create createIndexes findAndModify killOp setParameter renameCollection compact fsync profile',
  T3: `drop dropDatabase dropIndexes dropUser dropAllUsersFromDatabase dropRole dropAllRolesFromDatabase delete deleteIndexes
    shutdown eval $eval removeShard convertToCapped cloneCollectionAsCapped applyOps dropConnections mapReduce
    mapreduce killAllSessions replSetAbortPrimaryCatchUp bulkWrite`,
});
