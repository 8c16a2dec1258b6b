import type { SqliteMigration } from '@praxis/storage';

import { VERSION_6 } from './sqlite-schema-6.ts';

/**
 * Version 1. A key is interned once; its versions are rows of `facts`. Rows that are believed have an
 * index of their own, so that the present stays small and quick however long the past grows.
 *
 * The triggers allow one change only: closing the transaction period of a believed row, once. They
 * also stop `REPLACE`, which deletes without firing delete triggers: the insert is refused first.
 */
const VERSION_1 = `
CREATE TABLE fact_keys (
  key_id INTEGER PRIMARY KEY CHECK (key_id > 0),
  subject TEXT NOT NULL,
  predicate TEXT NOT NULL,
  fact_type TEXT NOT NULL CHECK (fact_type IN ('observed', 'desired', 'drift', 'known_good')),
  value_key TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX fact_keys_key ON fact_keys (subject, predicate, fact_type, value_key);

CREATE TABLE facts (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  key_id INTEGER NOT NULL REFERENCES fact_keys (key_id),
  valid_from INTEGER NOT NULL,
  valid_to INTEGER NOT NULL CHECK (valid_from < valid_to),
  recorded_at INTEGER NOT NULL,
  superseded_at INTEGER CHECK (superseded_at >= recorded_at),
  observed_at INTEGER NOT NULL,
  observation_count INTEGER NOT NULL CHECK (observation_count > 0),
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  confidence REAL CHECK (confidence BETWEEN 0 AND 1),
  target TEXT,
  actor TEXT NOT NULL CHECK (actor <> ''),
  reason TEXT NOT NULL,
  source TEXT,
  superseded_actor TEXT,
  superseded_reason TEXT,
  value TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX facts_believed ON facts (key_id, valid_from) WHERE superseded_at IS NULL;
CREATE INDEX facts_key ON facts (key_id, recorded_at);
CREATE INDEX facts_past_valid ON facts (key_id, valid_from) WHERE superseded_at IS NOT NULL;
CREATE INDEX facts_superseded ON facts (superseded_at) WHERE superseded_at IS NOT NULL;
CREATE INDEX facts_target ON facts (target) WHERE target IS NOT NULL;

CREATE TABLE fact_observations (
  seq INTEGER PRIMARY KEY REFERENCES facts (seq),
  last_observed_at INTEGER NOT NULL,
  observation_count INTEGER NOT NULL
) STRICT;

CREATE TABLE fact_idempotency (
  idempotency_key TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  outcome TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE fact_classifications (
  rule_id INTEGER PRIMARY KEY CHECK (rule_id > 0),
  subject_pattern TEXT NOT NULL,
  predicate_pattern TEXT NOT NULL,
  classification TEXT NOT NULL CHECK (classification IN ('public', 'internal', 'restricted')),
  recorded_at INTEGER NOT NULL,
  actor TEXT NOT NULL CHECK (actor <> ''),
  reason TEXT NOT NULL
) STRICT;

-- The latest instant given to a transaction that added no row to facts.
CREATE TABLE fact_clock (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
INSERT INTO fact_clock (one, last) VALUES (1, -9007199254740991);

CREATE TRIGGER facts_no_delete BEFORE DELETE ON facts
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER facts_no_rewrite BEFORE UPDATE OF seq, key_id, valid_from, valid_to, recorded_at, observed_at,
  observation_count, content_hash, confidence, target, actor, reason, source, value ON facts
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER facts_close_once BEFORE UPDATE ON facts
WHEN NEW.seq <> OLD.seq OR OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
  OR coalesce(NEW.superseded_actor, '') = '' OR NEW.superseded_reason IS NULL
BEGIN SELECT RAISE(ABORT, 'a fact is superseded once, with an actor and a reason'); END;
CREATE TRIGGER facts_insert BEFORE INSERT ON facts
WHEN NEW.superseded_at IS NOT NULL
  OR EXISTS (SELECT 1 FROM facts WHERE seq = NEW.seq)
  OR NEW.recorded_at < (SELECT recorded_at FROM facts ORDER BY seq DESC LIMIT 1)
  OR (SELECT valid_to FROM facts WHERE key_id = NEW.key_id AND superseded_at IS NULL
      AND valid_from < NEW.valid_to ORDER BY valid_from DESC LIMIT 1) > NEW.valid_from
BEGIN SELECT RAISE(ABORT, 'a fact is inserted believed, in order of recording, over a free period'); END;

CREATE TRIGGER fact_keys_no_delete BEFORE DELETE ON fact_keys
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_keys_no_update BEFORE UPDATE ON fact_keys
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_keys_insert BEFORE INSERT ON fact_keys
WHEN EXISTS (SELECT 1 FROM fact_keys WHERE key_id = NEW.key_id)
  OR EXISTS (SELECT 1 FROM fact_keys WHERE subject = NEW.subject AND predicate = NEW.predicate
             AND fact_type = NEW.fact_type AND value_key = NEW.value_key)
BEGIN SELECT RAISE(ABORT, 'a fact key is inserted once'); END;

CREATE TRIGGER fact_observations_no_delete BEFORE DELETE ON fact_observations
BEGIN SELECT RAISE(ABORT, 'observations only grow'); END;
CREATE TRIGGER fact_observations_grow BEFORE UPDATE ON fact_observations
WHEN NEW.seq <> OLD.seq OR NEW.last_observed_at < OLD.last_observed_at
  OR NEW.observation_count <= OLD.observation_count
BEGIN SELECT RAISE(ABORT, 'observations only grow'); END;
CREATE TRIGGER fact_observations_insert BEFORE INSERT ON fact_observations
WHEN EXISTS (SELECT 1 FROM fact_observations WHERE seq = NEW.seq
             AND observation_count >= NEW.observation_count)
BEGIN SELECT RAISE(ABORT, 'observations only grow'); END;

CREATE TRIGGER fact_idempotency_no_delete BEFORE DELETE ON fact_idempotency
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_idempotency_no_update BEFORE UPDATE ON fact_idempotency
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_idempotency_insert BEFORE INSERT ON fact_idempotency
WHEN EXISTS (SELECT 1 FROM fact_idempotency WHERE idempotency_key = NEW.idempotency_key)
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;

CREATE TRIGGER fact_classifications_no_delete BEFORE DELETE ON fact_classifications
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_classifications_no_update BEFORE UPDATE ON fact_classifications
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_classifications_insert BEFORE INSERT ON fact_classifications
WHEN EXISTS (SELECT 1 FROM fact_classifications WHERE rule_id = NEW.rule_id)
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;

CREATE TRIGGER fact_clock_forward BEFORE UPDATE ON fact_clock
WHEN NEW.last <= OLD.last OR NEW.one <> OLD.one
BEGIN SELECT RAISE(ABORT, 'transaction time never goes back'); END;
CREATE TRIGGER fact_clock_no_delete BEFORE DELETE ON fact_clock
BEGIN SELECT RAISE(ABORT, 'transaction time never goes back'); END;
CREATE TRIGGER fact_clock_insert BEFORE INSERT ON fact_clock
BEGIN SELECT RAISE(ABORT, 'transaction time never goes back'); END;
`;

/**
 * Version 2: full text, filled when it is asked for (up to `fact_text_state`), and vectors by content.
 */
const VERSION_2 = `
CREATE VIRTUAL TABLE fact_text USING fts5 (words, content='', tokenize='unicode61 remove_diacritics 0');
CREATE TABLE fact_text_state (one INTEGER PRIMARY KEY CHECK (one = 1), indexed_seq INTEGER NOT NULL) STRICT;
INSERT INTO fact_text_state (one, indexed_seq) VALUES (1, 0);
CREATE TABLE fact_vectors (
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  model TEXT NOT NULL,
  vector BLOB NOT NULL CHECK (length(vector) % 4 = 0),
  PRIMARY KEY (content_hash, model)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER fact_vectors_no_delete BEFORE DELETE ON fact_vectors
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_vectors_no_update BEFORE UPDATE ON fact_vectors
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_vectors_insert BEFORE INSERT ON fact_vectors
WHEN EXISTS (SELECT 1 FROM fact_vectors WHERE content_hash = NEW.content_hash AND model = NEW.model)
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
`;

/** Version 3: the chain of seals over what was recorded. */
const VERSION_3 = `
CREATE TABLE fact_seals (
  seal_id INTEGER PRIMARY KEY CHECK (seal_id > 0),
  through_seq INTEGER NOT NULL,
  through_recorded_at INTEGER NOT NULL,
  through_rule_id INTEGER NOT NULL,
  rows_sealed INTEGER NOT NULL,
  sealed_at INTEGER NOT NULL,
  hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;
CREATE TRIGGER fact_seals_no_delete BEFORE DELETE ON fact_seals
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_seals_no_update BEFORE UPDATE ON fact_seals
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER fact_seals_insert BEFORE INSERT ON fact_seals
WHEN NEW.seal_id <> (SELECT coalesce(max(seal_id), 0) + 1 FROM fact_seals)
BEGIN SELECT RAISE(ABORT, 'seals follow one another'); END;
`;

/**
 * Version 4: words are compared as they are. `unicode61` folds more than lower case and knows fewer letters than
 * what splits texts into words, so that a search found more, or less, than it should. Words arrive in lower case,
 * separated by blanks; `ascii` takes every other character for a part of one.
 */
const VERSION_4 = `
DROP TABLE fact_text;
CREATE VIRTUAL TABLE fact_text USING fts5 (words, content='', tokenize='ascii');
UPDATE fact_text_state SET indexed_seq = 0;
`;

/**
 * Version 5: a version says its key itself. One row and one entry of the index of what is believed is all that a
 * new fact costs, and all that a read of it touches; superseded versions have indexes of their own, so that the
 * present stays small and quick however long the past grows.
 *
 * Rows are numbered by the writer, above all that are there: that (and a period that must be free) is what stops
 * `REPLACE` where delete triggers do not fire. Reading the last row once keeps the trigger cheap.
 */
const VERSION_5 = `
CREATE TABLE facts_5 (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  subject TEXT NOT NULL,
  predicate TEXT NOT NULL,
  fact_type TEXT NOT NULL CHECK (fact_type IN ('observed', 'desired', 'drift', 'known_good')),
  value_key TEXT NOT NULL,
  valid_from INTEGER NOT NULL,
  valid_to INTEGER NOT NULL CHECK (valid_from < valid_to),
  recorded_at INTEGER NOT NULL,
  superseded_at INTEGER CHECK (superseded_at >= recorded_at),
  observed_at INTEGER NOT NULL,
  observation_count INTEGER NOT NULL CHECK (observation_count > 0),
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 32),
  confidence REAL CHECK (confidence BETWEEN 0 AND 1),
  target TEXT,
  actor TEXT NOT NULL CHECK (actor <> ''),
  reason TEXT NOT NULL,
  source TEXT,
  superseded_actor TEXT,
  superseded_reason TEXT,
  value TEXT NOT NULL
) STRICT;
INSERT INTO facts_5 SELECT f.seq, k.subject, k.predicate, k.fact_type, k.value_key, f.valid_from, f.valid_to,
  f.recorded_at, f.superseded_at, f.observed_at, f.observation_count, f.content_hash, f.confidence, f.target, f.actor,
  f.reason, f.source, f.superseded_actor, f.superseded_reason, f.value
  FROM facts f JOIN fact_keys k ON k.key_id = f.key_id ORDER BY f.seq;
CREATE TABLE fact_observations_5 (
  seq INTEGER PRIMARY KEY REFERENCES facts (seq),
  last_observed_at INTEGER NOT NULL,
  observation_count INTEGER NOT NULL
) STRICT;
-- Kept aside: rows that refer to facts must not be there while facts are taken away.
CREATE TEMP TABLE observed AS SELECT * FROM fact_observations;
DROP TABLE fact_observations;
DROP TABLE facts;
DROP TABLE fact_keys;
ALTER TABLE facts_5 RENAME TO facts;
INSERT INTO fact_observations_5 SELECT * FROM observed;
DROP TABLE observed;
ALTER TABLE fact_observations_5 RENAME TO fact_observations;

CREATE UNIQUE INDEX facts_believed ON facts (subject, predicate, fact_type, value_key, valid_from)
  WHERE superseded_at IS NULL;
CREATE INDEX facts_past_valid ON facts (subject, predicate, fact_type, value_key, valid_from)
  WHERE superseded_at IS NOT NULL;
CREATE INDEX facts_past_recorded ON facts (subject, predicate, fact_type, value_key, recorded_at)
  WHERE superseded_at IS NOT NULL;
CREATE INDEX facts_superseded ON facts (superseded_at) WHERE superseded_at IS NOT NULL;
CREATE INDEX facts_target ON facts (target) WHERE target IS NOT NULL;

CREATE TRIGGER facts_no_delete BEFORE DELETE ON facts
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER facts_no_rewrite BEFORE UPDATE OF seq, subject, predicate, fact_type, value_key, valid_from, valid_to,
  recorded_at, observed_at, observation_count, content_hash, confidence, target, actor, reason, source, value ON facts
BEGIN SELECT RAISE(ABORT, 'facts are append-only'); END;
CREATE TRIGGER facts_close_once BEFORE UPDATE ON facts
WHEN NEW.seq <> OLD.seq OR OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
  OR coalesce(NEW.superseded_actor, '') = '' OR NEW.superseded_reason IS NULL
BEGIN SELECT RAISE(ABORT, 'a fact is superseded once, with an actor and a reason'); END;
CREATE TRIGGER facts_insert BEFORE INSERT ON facts
WHEN NEW.superseded_at IS NOT NULL
  OR (SELECT NEW.seq <= seq OR NEW.recorded_at < recorded_at FROM facts ORDER BY seq DESC LIMIT 1)
  OR (SELECT valid_to FROM facts WHERE subject = NEW.subject AND predicate = NEW.predicate
      AND fact_type = NEW.fact_type AND value_key = NEW.value_key AND superseded_at IS NULL
      AND valid_from < NEW.valid_to ORDER BY valid_from DESC LIMIT 1) > NEW.valid_from
BEGIN SELECT RAISE(ABORT, 'a fact is inserted believed, in order of recording, over a free period'); END;

CREATE TRIGGER fact_observations_no_delete BEFORE DELETE ON fact_observations
BEGIN SELECT RAISE(ABORT, 'observations only grow'); END;
CREATE TRIGGER fact_observations_grow BEFORE UPDATE ON fact_observations
WHEN NEW.seq <> OLD.seq OR NEW.last_observed_at < OLD.last_observed_at
  OR NEW.observation_count <= OLD.observation_count
BEGIN SELECT RAISE(ABORT, 'observations only grow'); END;
CREATE TRIGGER fact_observations_insert BEFORE INSERT ON fact_observations
WHEN EXISTS (SELECT 1 FROM fact_observations WHERE seq = NEW.seq
             AND observation_count >= NEW.observation_count)
BEGIN SELECT RAISE(ABORT, 'observations only grow'); END;
`;

/** All steps of the schema, oldest first. */
export const SQLITE_FACT_MIGRATIONS: readonly SqliteMigration[] = [
  { version: 1, sql: VERSION_1 },
  { version: 2, sql: VERSION_2 },
  { version: 3, sql: VERSION_3 },
  { version: 4, sql: VERSION_4 },
  { version: 5, sql: VERSION_5 },
  { version: 6, sql: VERSION_6 },
];
