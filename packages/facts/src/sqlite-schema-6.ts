/**
 * Version 6: a fact type is compared with one after another. Of a list of more than two, SQLite makes a table for every
 * row that is inserted, which took a fifth of the time of an insert.
 */
export const VERSION_6 = `
CREATE TABLE facts_6 (
  seq INTEGER PRIMARY KEY CHECK (seq > 0),
  subject TEXT NOT NULL,
  predicate TEXT NOT NULL,
  fact_type TEXT NOT NULL CHECK (fact_type = 'observed' OR fact_type = 'desired'
    OR fact_type = 'drift' OR fact_type = 'known_good'),
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
INSERT INTO facts_6 SELECT * FROM facts ORDER BY seq;
CREATE TABLE fact_observations_6 (
  seq INTEGER PRIMARY KEY REFERENCES facts (seq),
  last_observed_at INTEGER NOT NULL,
  observation_count INTEGER NOT NULL
) STRICT;
-- Kept aside: rows that refer to facts must not be there while facts are taken away.
CREATE TEMP TABLE observed AS SELECT * FROM fact_observations;
DROP TABLE fact_observations;
DROP TABLE facts;
ALTER TABLE facts_6 RENAME TO facts;
INSERT INTO fact_observations_6 SELECT * FROM observed;
DROP TABLE observed;
ALTER TABLE fact_observations_6 RENAME TO fact_observations;

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
