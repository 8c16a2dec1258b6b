export * from './bounds.ts';
export { BUILT_IN_KINDS_YAML, builtInKinds } from './built-in-kinds.ts';
export { type Comparable, compareFacts, type Difference, sameJson } from './compare.ts';
export { FactError, type FactErrorCode } from './errors.ts';
export { type EntityKind, KindRegistry, type KindViolation, type PredicateSchema } from './kinds.ts';
export { KINDS_MODES, type KindsMode, type KindsPolicy, withKinds } from './kinds-on-write.ts';
export { KINDS_YAML_LENGTH_MAX, parseKindsYaml } from './kinds-yaml.ts';
export { openMemoryFactStore } from './memory-store.ts';
export {
  FACT_CLASSIFICATIONS,
  FACT_TYPES,
  type Fact,
  type FactClassification,
  type FactKey,
  type FactType,
  isFactType,
  kindOf,
} from './model.ts';
export { openFactStore, parseStoreDsn, type StoreLocation } from './open-store.ts';
export {
  openPostgresFactStore,
  POSTGRES_SCHEMA_DEFAULT,
  type PostgresFactStore,
  type PostgresFactStoreOptions,
} from './postgres-store.ts';
export { restoreFactStore } from './restore.ts';
export { openSqliteFactStore, type SqliteFactStoreOptions } from './sqlite-store.ts';
export type {
  AsOf,
  ClassifyFacts,
  DiffPage,
  DiffQuery,
  EmbedFact,
  EndFact,
  EndResult,
  FactChange,
  FactFilter,
  FactPage,
  FactPoint,
  FactQuery,
  FactStore,
  FactVerifyReport,
  HistoryQuery,
  NearestFact,
  NearestQuery,
  NearestResult,
  PageOptions,
  PathQuery,
  PathResult,
  PutFact,
  PutResult,
  Reached,
  SealHead,
  TraverseQuery,
  TraverseResult,
  ValueCondition,
} from './store.ts';
export { FOREVER, type Period } from './timeline.ts';
export { TRAVERSE_DEPTH_MAX, TRAVERSE_SUBJECTS_MAX } from './traverse.ts';
export { NEIGHBOURS_MAX, VECTOR_DIMENSIONS_MAX } from './vectors.ts';
export { inWireNames } from './wire-names.ts';
export { parseOperation, parseQuery, wireFact, type WireOperation, wireResult } from './wire.ts';
