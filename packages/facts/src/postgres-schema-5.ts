const ROW = (version: string): string =>
  `(${[
    'seq, subject, predicate, fact_type, value_key, valid_from, valid_to, recorded_at, recorded_xid, observed_at',
    'observation_count, content_hash, confidence, target, actor, reason, source, value',
  ]
    .join(', ')
    .replaceAll(/\w+/g, (column) => `${version}.${column}`)})`;

/** The one change of a row there is: the end of belief in it. What is allowed is decided without calling a function. */
export const CLOSE_ONCE: readonly string[] = [
  `CREATE TRIGGER facts_close_once BEFORE UPDATE ON facts FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL
     OR NEW.superseded_at IS NULL OR coalesce(NEW.superseded_actor, '') = '' OR NEW.superseded_reason IS NULL
     OR NEW.superseded_xid IS DISTINCT FROM pg_current_xact_id() OR ${ROW('NEW')} IS DISTINCT FROM ${ROW('OLD')})
     EXECUTE FUNCTION fact_refuse_change()`,
  'ALTER TABLE facts ENABLE ALWAYS TRIGGER facts_close_once',
];

/** What was observed of a version only grows. */
export const OBSERVATIONS_GROW = `CREATE TRIGGER fact_observations_grow BEFORE UPDATE ON fact_observations FOR EACH ROW WHEN (
  NEW.seq <> OLD.seq OR NEW.last_observed_at < OLD.last_observed_at OR NEW.observation_count <= OLD.observation_count)
  EXECUTE FUNCTION fact_refuse_shrinking()`;

/**
 * Version 5: a version says its key itself. One row and two index entries are all that a new fact costs.
 *
 * What is believed about a key has different ends, so the index over ends keeps two apart, and above all two without
 * end, also of transactions that do not see each other: whoever adds a second waits for the first, and is refused.
 * A row that is superseded leaves it for the index of the past.
 *
 * The check on insert finds the same in both ways. Of many rows it first reads what is believed from the smallest to
 * the largest subject, once, unless that is far more than was added; otherwise it looks up each row by itself. Its
 * plans are kept from when the table was small: they must not be those that are good for small tables only.
 */
export const POSTGRES_VERSION_5: string = `
LOCK TABLE fact_stripes IN EXCLUSIVE MODE
--;
DROP TRIGGER facts_close_once ON facts
--;
DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
    AND c.relkind IN ('r', 'p') AND (c.relname IN ('facts', 'facts_current') OR c.relname LIKE 'facts\\_ended\\_%') LOOP
    EXECUTE format('ALTER TABLE ONLY %I DROP CONSTRAINT IF EXISTS facts_no_overlap', t);
    EXECUTE format('DROP INDEX IF EXISTS %I', t || '_key');
  END LOOP;
END $$
--;
DROP INDEX IF EXISTS facts_key
--;
DROP INDEX facts_believed
--;
ALTER TABLE facts ADD COLUMN subject text COLLATE "C", ADD COLUMN predicate text COLLATE "C",
  ADD COLUMN fact_type text COLLATE "C", ADD COLUMN value_key text COLLATE "C"
--;
UPDATE facts f SET subject = k.subject, predicate = k.predicate, fact_type = k.fact_type, value_key = k.value_key
  FROM fact_keys k WHERE k.key_id = f.key_id
--;
ALTER TABLE facts ALTER COLUMN subject SET NOT NULL, ALTER COLUMN predicate SET NOT NULL,
  ALTER COLUMN fact_type SET NOT NULL, ALTER COLUMN value_key SET NOT NULL, DROP COLUMN key_id,
  ADD CONSTRAINT facts_fact_type_check CHECK (fact_type IN ('observed', 'desired', 'drift', 'known_good'))
--;
DROP TABLE fact_keys
--;
DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
    AND (c.relname IN ('facts', 'facts_current') OR c.relname LIKE 'facts\\_ended\\_%') LOOP
    IF t LIKE 'facts\\_ended\\_%' THEN
      EXECUTE format('CREATE INDEX %I ON %I (subject, predicate, fact_type, value_key, recorded_at)', t || '_past', t);
    ELSE
      EXECUTE format('CREATE UNIQUE INDEX facts_believed ON %I (subject, predicate, fact_type, value_key, valid_to)
        WHERE superseded_at IS NULL', t);
    END IF;
    IF t = 'facts' THEN
      CREATE INDEX facts_past ON facts (subject, predicate, fact_type, value_key, recorded_at)
        WHERE superseded_at IS NOT NULL;
    END IF;
  END LOOP;
END $$
--;
DROP FUNCTION fact_close_once
--;
CREATE FUNCTION fact_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a fact is superseded once, with an actor and a reason' USING ERRCODE = '23514'; END $$
--;
${CLOSE_ONCE.join('\n--;\n')}
--;
DROP TRIGGER fact_observations_grow ON fact_observations
--;
DROP FUNCTION fact_grow
--;
CREATE FUNCTION fact_refuse_shrinking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'observations only grow' USING ERRCODE = '23514'; END $$
--;
${OBSERVATIONS_GROW}
--;
ALTER TABLE fact_observations ENABLE ALWAYS TRIGGER fact_observations_grow
--;
-- A number for a key, for an index that can hold no texts at a bearable cost. Two keys with one number would refuse each
-- other's bounded periods: it is cut out of a hash for which nobody finds a key with the number of another.
CREATE FUNCTION fact_key_number(text, text, text, text) RETURNS int8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ('x' || encode(substring(sha256(convert_to($1 || E'\\n' || $2 || E'\\n' || $3 || E'\\n' || $4, 'UTF8')) from 1 for 8),
    'hex'))::bit(64)::int8 $$
--;
CREATE OR REPLACE FUNCTION fact_inserted() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
  SET enable_sort = off AS $$
DECLARE
  refused boolean; overlapping boolean := false; added_count int8; read_count int8; first_subject text; last_subject text;
BEGIN
  SELECT bool_or(superseded_at IS NOT NULL OR recorded_xid <> pg_current_xact_id()), count(*), min(subject), max(subject)
    INTO refused, added_count, first_subject, last_subject FROM added;
  IF added_count >= 512 THEN
    SELECT count(*), coalesce(bool_or(before_to > valid_from), false) INTO read_count, overlapping FROM (
      SELECT valid_from, lag(valid_to) OVER (PARTITION BY subject, predicate, fact_type, value_key ORDER BY valid_to)
        AS before_to FROM (
        SELECT subject, predicate, fact_type, value_key, valid_from, valid_to FROM facts
        WHERE superseded_at IS NULL AND subject >= first_subject AND subject <= last_subject
        ORDER BY subject, predicate, fact_type, value_key, valid_to LIMIT 2 * added_count + 1) believed) neighbours;
  END IF;
  IF NOT overlapping AND (added_count < 512 OR read_count > 2 * added_count) THEN
    overlapping := EXISTS (SELECT 1 FROM added a CROSS JOIN LATERAL (
      SELECT f.valid_from FROM facts f WHERE f.subject = a.subject AND f.predicate = a.predicate
        AND f.fact_type = a.fact_type AND f.value_key = a.value_key AND f.superseded_at IS NULL
        AND f.valid_to > a.valid_from AND f.seq <> a.seq ORDER BY f.valid_to LIMIT 1) next
      WHERE next.valid_from < a.valid_to);
  END IF;
  IF refused THEN RAISE EXCEPTION 'a fact is inserted believed' USING ERRCODE = '23514'; END IF;
  IF overlapping THEN
    RAISE EXCEPTION 'a fact is inserted over a free period' USING ERRCODE = '23514', CONSTRAINT = 'facts_believed';
  END IF;
  RETURN NULL;
END $$
`;
