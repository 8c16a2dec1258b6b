import type { PostgresMigration } from '@praxis/storage';

import { POSTGRES_VERSION_5 } from './postgres-schema-5.ts';
import { POSTGRES_VERSION_6 } from './postgres-schema-6.ts';

/** How many rows the key locks are spread over. Part of the schema: it never changes. */
export const LOCK_STRIPES = 4096;
/** Waits for all writers, and keeps them out. */
export const LOCK_ALL_STRIPES = 'LOCK TABLE fact_stripes IN EXCLUSIVE MODE';
/** What bulk ingest holds, which locks no stripe. */
export const LOCK_FOR_BULK = 'LOCK TABLE fact_stripes IN ROW EXCLUSIVE MODE';
/** Waits for bulk ingest, and keeps it out; not other writers. */
export const LOCK_BULK_OUT = 'LOCK TABLE fact_stripes IN SHARE MODE';

// Rows are never deleted and keys never change, so references need no constraint: one per row would cost as
// much as the row.
// `--;` on a line of its own separates statements, because function bodies hold semicolons.
const VERSION_1 = `
CREATE TABLE fact_keys (
  key_id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject text COLLATE "C" NOT NULL,
  predicate text COLLATE "C" NOT NULL,
  fact_type text COLLATE "C" NOT NULL CHECK (fact_type IN ('observed', 'desired', 'drift', 'known_good')),
  value_key text COLLATE "C" NOT NULL,
  UNIQUE (subject, predicate, fact_type, value_key)
)
--;
CREATE SEQUENCE fact_seq
--;
CREATE TABLE facts (
  seq int8 PRIMARY KEY CHECK (seq > 0),
  key_id int8 NOT NULL,
  valid_from int8 NOT NULL,
  valid_to int8 NOT NULL CHECK (valid_from < valid_to),
  recorded_at int8 NOT NULL,
  superseded_at int8 CHECK (superseded_at >= recorded_at),
  recorded_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  superseded_xid xid8,
  observed_at int8 NOT NULL,
  observation_count int8 NOT NULL CHECK (observation_count > 0),
  content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
  confidence float8 CHECK (confidence BETWEEN 0 AND 1),
  target text COLLATE "C",
  actor text NOT NULL CHECK (actor <> ''),
  reason text NOT NULL,
  source text,
  superseded_actor text,
  superseded_reason text,
  value text NOT NULL
)
--;
CREATE UNIQUE INDEX facts_believed ON facts (key_id, valid_from) WHERE superseded_at IS NULL
--;
CREATE INDEX facts_key ON facts (key_id, recorded_at)
--;
CREATE INDEX facts_recorded ON facts (recorded_at)
--;
CREATE INDEX facts_superseded ON facts (superseded_at) WHERE superseded_at IS NOT NULL
--;
CREATE INDEX facts_target ON facts (target) WHERE target IS NOT NULL
--;
CREATE TABLE fact_observations (
  seq int8 PRIMARY KEY,
  last_observed_at int8 NOT NULL,
  observation_count int8 NOT NULL
)
--;
CREATE TABLE fact_idempotency (
  idempotency_key text PRIMARY KEY,
  digest text NOT NULL,
  outcome text NOT NULL
)
--;
CREATE TABLE fact_classifications (
  rule_id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject_pattern text NOT NULL,
  predicate_pattern text NOT NULL,
  classification text NOT NULL CHECK (classification IN ('public', 'internal', 'restricted')),
  recorded_at int8 NOT NULL,
  actor text NOT NULL CHECK (actor <> ''),
  reason text NOT NULL
)
--;
CREATE TABLE fact_clock (one int PRIMARY KEY CHECK (one = 1), last int8 NOT NULL)
--;
INSERT INTO fact_clock VALUES (1, -9007199254740991)
--;
CREATE TABLE fact_stripes (stripe int PRIMARY KEY)
--;
INSERT INTO fact_stripes SELECT generate_series(0, ${LOCK_STRIPES - 1})
--;
CREATE FUNCTION fact_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'facts are append-only' USING ERRCODE = '23514'; END $$
--;
CREATE FUNCTION fact_close_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL OR coalesce(NEW.superseded_actor, '') = ''
    OR NEW.superseded_reason IS NULL OR NEW.superseded_xid IS DISTINCT FROM pg_current_xact_id()
    OR (NEW.seq, NEW.key_id, NEW.valid_from, NEW.valid_to, NEW.recorded_at, NEW.recorded_xid, NEW.observed_at,
        NEW.observation_count, NEW.content_hash, NEW.confidence, NEW.target, NEW.actor, NEW.reason, NEW.source, NEW.value)
    IS DISTINCT FROM
       (OLD.seq, OLD.key_id, OLD.valid_from, OLD.valid_to, OLD.recorded_at, OLD.recorded_xid, OLD.observed_at,
        OLD.observation_count, OLD.content_hash, OLD.confidence, OLD.target, OLD.actor, OLD.reason, OLD.source, OLD.value)
  THEN RAISE EXCEPTION 'a fact is superseded once, with an actor and a reason' USING ERRCODE = '23514'; END IF;
  RETURN NEW;
END $$
--;
-- Its plan is kept from when the table was small: it must not be one that is good for small tables only.
CREATE FUNCTION fact_inserted() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM added a WHERE a.superseded_at IS NOT NULL OR a.recorded_xid <> pg_current_xact_id())
    OR EXISTS (SELECT 1 FROM added a CROSS JOIN LATERAL (
      SELECT f.valid_to FROM facts f WHERE f.key_id = a.key_id AND f.superseded_at IS NULL
        AND f.valid_from < a.valid_to AND f.seq <> a.seq ORDER BY f.valid_from DESC LIMIT 1) n
      WHERE n.valid_to > a.valid_from)
  THEN RAISE EXCEPTION 'a fact is inserted believed, over a free period' USING ERRCODE = '23514'; END IF;
  RETURN NULL;
END $$
--;
CREATE FUNCTION fact_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq <> OLD.seq OR NEW.last_observed_at < OLD.last_observed_at
    OR NEW.observation_count <= OLD.observation_count
  THEN RAISE EXCEPTION 'observations only grow' USING ERRCODE = '23514'; END IF;
  RETURN NEW;
END $$
--;
CREATE FUNCTION fact_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.one <> OLD.one OR NEW.last <= OLD.last
  THEN RAISE EXCEPTION 'transaction time never goes back' USING ERRCODE = '23514'; END IF;
  RETURN NEW;
END $$
--;
CREATE TRIGGER facts_no_delete BEFORE DELETE ON facts FOR EACH ROW EXECUTE FUNCTION fact_refuse()
--;
CREATE TRIGGER facts_no_truncate BEFORE TRUNCATE ON facts FOR EACH STATEMENT EXECUTE FUNCTION fact_refuse()
--;
CREATE TRIGGER facts_close_once BEFORE UPDATE ON facts FOR EACH ROW EXECUTE FUNCTION fact_close_once()
--;
CREATE TRIGGER facts_inserted AFTER INSERT ON facts REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION fact_inserted()
--;
CREATE TRIGGER fact_observations_grow BEFORE UPDATE ON fact_observations FOR EACH ROW EXECUTE FUNCTION fact_grow()
--;
CREATE TRIGGER fact_clock_forward BEFORE UPDATE ON fact_clock FOR EACH ROW EXECUTE FUNCTION fact_forward()
--;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['fact_keys', 'fact_observations', 'fact_idempotency', 'fact_classifications', 'fact_clock'] LOOP
    EXECUTE format('CREATE TRIGGER %s_no_delete BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION fact_refuse()', t, t);
    EXECUTE format('CREATE TRIGGER %s_no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION fact_refuse()', t, t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['fact_keys', 'fact_idempotency', 'fact_classifications'] LOOP
    EXECUTE format('CREATE TRIGGER %s_no_update BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION fact_refuse()', t, t);
  END LOOP;
END $$
--;
DO $$
DECLARE r record;
BEGIN
  -- Also for a session that plays a replica, in which ordinary triggers do not fire.
  FOR r IN SELECT tgname, tgrelid::regclass AS tab FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT tgisinternal AND c.relnamespace = current_schema()::regnamespace LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', r.tab, r.tgname);
  END LOOP;
END $$
`;

/** Version 2: full text, written with the facts, and vectors by content. */
const VERSION_2 = `
CREATE TABLE fact_text (seq int8 PRIMARY KEY, words tsvector NOT NULL)
--;
CREATE INDEX fact_text_words ON fact_text USING gin (words)
--;
CREATE TABLE fact_vectors (
  content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
  model text NOT NULL,
  vector bytea NOT NULL CHECK (length(vector) % 4 = 0),
  PRIMARY KEY (content_hash, model)
)
--;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['fact_text', 'fact_vectors'] LOOP
    EXECUTE format('CREATE TRIGGER %s_no_change BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION fact_refuse()', t, t);
    EXECUTE format('CREATE TRIGGER %s_no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION fact_refuse()', t, t);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', t, t || '_no_change');
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', t, t || '_no_truncate');
  END LOOP;
END $$
`;

/** Version 3: the chain of seals over what was recorded. */
const VERSION_3 = `
CREATE TABLE fact_seals (
  seal_id int8 PRIMARY KEY CHECK (seal_id > 0),
  through_seq int8 NOT NULL,
  through_recorded_at int8 NOT NULL,
  through_rule_id int8 NOT NULL,
  rows_sealed int8 NOT NULL,
  sealed_at int8 NOT NULL,
  hash text NOT NULL CHECK (length(hash) = 64)
)
--;
CREATE TRIGGER fact_seals_no_change BEFORE UPDATE OR DELETE ON fact_seals FOR EACH ROW EXECUTE FUNCTION fact_refuse()
--;
CREATE TRIGGER fact_seals_no_truncate BEFORE TRUNCATE ON fact_seals FOR EACH STATEMENT EXECUTE FUNCTION fact_refuse()
--;
ALTER TABLE fact_seals ENABLE ALWAYS TRIGGER fact_seals_no_change
--;
ALTER TABLE fact_seals ENABLE ALWAYS TRIGGER fact_seals_no_truncate
`;

/** Version 4: bulk ingest. What it adds has its text indexed when somebody searches. */
const VERSION_4 = `
CREATE TABLE fact_text_pending (
  pending_id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_seq int8 NOT NULL,
  through_seq int8 NOT NULL CHECK (from_seq <= through_seq)
)
--;
-- Facts of the first version have no text yet.
INSERT INTO fact_text_pending (from_seq, through_seq) SELECT min(f.seq), max(f.seq)
  FROM facts f LEFT JOIN fact_text x ON x.seq = f.seq WHERE x.seq IS NULL HAVING count(*) > 0
--;
-- Nothing asks for facts by their instant of recording alone.
DROP INDEX facts_recorded
--;
-- Both ways find the same. The first looks up each row by itself; the second reads all believed rows between the
-- smallest and the largest key once, which costs less when the keys are new and therefore next to each other.
CREATE OR REPLACE FUNCTION fact_inserted() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  refused boolean; first_key int8; last_key int8;
BEGIN
  SELECT bool_or(superseded_at IS NOT NULL OR recorded_xid <> pg_current_xact_id()), min(key_id), max(key_id)
    INTO refused, first_key, last_key FROM added;
  IF current_setting('praxis.new_keys', true) = 'on' THEN
    refused := refused OR EXISTS (SELECT 1 FROM (
      SELECT valid_from, lag(valid_to) OVER (PARTITION BY key_id ORDER BY valid_from) AS before_to
      FROM facts WHERE superseded_at IS NULL AND key_id BETWEEN first_key AND last_key) n
      WHERE n.before_to > n.valid_from);
  ELSE
    refused := refused OR EXISTS (SELECT 1 FROM added a CROSS JOIN LATERAL (
      SELECT f.valid_to FROM facts f WHERE f.key_id = a.key_id AND f.superseded_at IS NULL
        AND f.valid_from < a.valid_to AND f.seq <> a.seq ORDER BY f.valid_from DESC LIMIT 1) n
      WHERE n.valid_to > a.valid_from);
  END IF;
  IF refused THEN RAISE EXCEPTION 'a fact is inserted believed, over a free period' USING ERRCODE = '23514'; END IF;
  RETURN NULL;
END $$
`;

/** All steps of the schema, oldest first. */
export const POSTGRES_FACT_MIGRATIONS: readonly PostgresMigration[] = [
  { version: 1, sql: VERSION_1 },
  { version: 2, sql: VERSION_2 },
  { version: 3, sql: VERSION_3 },
  { version: 4, sql: VERSION_4 },
  { version: 5, sql: POSTGRES_VERSION_5 },
  { version: 6, sql: POSTGRES_VERSION_6 },
];

/** The triggers there must be, always enabled: `table.trigger`. */
export const POSTGRES_FACT_TRIGGERS: readonly string[] = [
  'fact_classifications.fact_classifications_no_delete',
  'fact_classifications.fact_classifications_no_truncate',
  'fact_classifications.fact_classifications_no_update',
  'fact_clock.fact_clock_forward',
  'fact_clock.fact_clock_no_delete',
  'fact_clock.fact_clock_no_truncate',
  'fact_idempotency.fact_idempotency_no_delete',
  'fact_idempotency.fact_idempotency_no_truncate',
  'fact_idempotency.fact_idempotency_no_update',
  'fact_observations.fact_observations_grow',
  'fact_observations.fact_observations_no_delete',
  'fact_observations.fact_observations_no_truncate',
  'fact_seals.fact_seals_no_change',
  'fact_seals.fact_seals_no_truncate',
  'fact_text.fact_text_no_change',
  'fact_text.fact_text_no_truncate',
  'fact_vectors.fact_vectors_no_change',
  'fact_vectors.fact_vectors_no_truncate',
  'facts.facts_close_once',
  'facts.facts_inserted',
  'facts.facts_no_delete',
  'facts.facts_no_truncate',
];
