import { FOREVER } from './timeline.ts';

const ROW = `seq, subject, predicate, fact_type, value_key, valid_from, valid_to, recorded_at, observed_at, observation_count,
    content_hash, confidence, target, actor, reason, source, value`;
const KEY = 'p_subject, p_predicate, p_fact_type, p_value_key';
const OF_KEY = `f.subject = p_subject AND f.predicate = p_predicate AND f.fact_type = p_fact_type
      AND f.value_key = p_value_key AND f.superseded_at IS NULL`;
const OLD_CONTENT =
  'v_old.content_hash, v_old.confidence, v_old.target, v_old.actor, v_old.reason, v_old.source, v_old.value';

/** What is expected where nothing is. */
export const ANYTHING = 'anything';
/** Answered in place of the number of a fact when another program is writing too. */
export const OTHERS_WRITE = 0;

/** Transaction time only goes forward. */
export const CLOCK_FORWARD = `CREATE TRIGGER fact_clock_forward AFTER UPDATE ON fact_clock FOR EACH ROW
  WHEN (NEW.one <> OLD.one OR NEW.last <= OLD.last) EXECUTE FUNCTION fact_refuse_going_back()`;

/**
 * Version 6: a put that is alone in its transaction is one statement.
 *
 * It does what a batch does, in the same order: it locks the stripes, looks at what is believed, takes the instant,
 * ends what it supersedes, adds what begins. Each of its statements sees all that was committed before it, as those
 * of a batch do, because it is volatile and transactions are `READ COMMITTED`. It answers the number of the fact,
 * negative when nothing has changed. Or, having done nothing: null where there is more to be planned than it knows how
 * to; zero where an instant later than `p_last_max` was given out, which is before `p_instant`.
 *
 * The clock moves in the same transaction, and its row is locked until that has ended: nobody else is given an instant
 * meanwhile. So it is for those who write alone. The row is locked after everything that may be waited for, but for bulk
 * ingest that has the same key under way, which was given its instant before it had any.
 */
export const POSTGRES_VERSION_6: string = `
CREATE FUNCTION fact_put(
  p_stripe int, p_other_stripe int, p_instant int8, p_last_max int8, p_subject text, p_predicate text,
  p_fact_type text, p_value_key text, p_valid_from int8, p_valid_to int8, p_expected text, p_content_hash bytea,
  p_value text, p_target text, p_confidence float8, p_actor text, p_reason text, p_source text, p_observed_at int8,
  p_words text[], p_idempotency_key text, p_digest text
) RETURNS int8 LANGUAGE plpgsql AS $$
DECLARE
  v_answer int8; v_seq int8; v_to int8; v_before int8; v_after int8; v_old record;
  v_first_seq int8; v_first_from int8; v_first_to int8; v_first_hash bytea; v_next_from int8; v_next_to int8;
BEGIN
  PERFORM 1 FROM fact_stripes WHERE stripe = p_stripe FOR UPDATE;
  IF p_other_stripe IS NOT NULL THEN
    PERFORM 1 FROM fact_stripes WHERE stripe = p_other_stripe FOR UPDATE;
  END IF;
<<planned>>
BEGIN
  IF p_idempotency_key IS NOT NULL THEN
    PERFORM 1 FROM fact_idempotency WHERE idempotency_key = p_idempotency_key;
    EXIT planned WHEN FOUND;
  END IF;
  SELECT f.seq, f.valid_from, f.valid_to, f.content_hash INTO v_first_seq, v_first_from, v_first_to, v_first_hash
    FROM facts f WHERE ${OF_KEY} AND f.valid_to > p_valid_from ORDER BY f.valid_to LIMIT 1;
  IF NOT FOUND THEN
    -- Bulk ingest that cannot be seen yet is kept away by a version without end alone.
    EXIT planned WHEN p_expected <> '${ANYTHING}' OR p_valid_to < ${FOREVER};
    v_to := ${FOREVER};
  ELSE
    IF v_first_to < ${FOREVER} THEN
      SELECT f.valid_from, f.valid_to INTO v_next_from, v_next_to FROM facts f
        WHERE ${OF_KEY} AND f.valid_to > v_first_to ORDER BY f.valid_to LIMIT 1;
    END IF;
    EXIT planned WHEN p_expected IS DISTINCT FROM '${ANYTHING}' AND p_expected IS DISTINCT FROM
      (CASE WHEN v_first_from <= p_valid_from THEN encode(v_first_hash, 'hex') END);
    v_to := coalesce(p_valid_to, CASE WHEN v_first_from > p_valid_from THEN v_first_from END, v_next_from, ${FOREVER});
    EXIT planned WHEN v_next_from < v_to
      OR NOT (v_to = ${FOREVER} OR v_first_to = ${FOREVER} OR coalesce(v_next_to = ${FOREVER}, false));
    IF v_first_from >= v_to THEN v_first_seq := NULL; END IF;
  END IF;
  UPDATE fact_clock SET last = p_instant WHERE one = 1 AND last <= p_last_max;
  IF NOT FOUND THEN
    v_answer := ${OTHERS_WRITE};
    EXIT planned;
  END IF;

  IF v_first_seq IS NULL THEN
    v_seq := nextval('fact_seq');
    INSERT INTO facts (${ROW}) VALUES (v_seq, ${KEY}, p_valid_from, v_to, p_instant, p_observed_at, 1,
      p_content_hash, p_confidence, p_target, p_actor, p_reason, p_source, p_value);
    INSERT INTO fact_text (seq, words) VALUES (v_seq, array_to_tsvector(p_words));
    v_answer := v_seq;
  ELSIF v_first_hash = p_content_hash AND v_first_from <= p_valid_from AND v_first_to >= v_to THEN
    INSERT INTO fact_observations AS o (seq, last_observed_at, observation_count)
      SELECT f.seq, greatest(f.observed_at, p_observed_at), f.observation_count + 1 FROM facts f
        WHERE f.seq = v_first_seq AND f.superseded_at IS NULL
      ON CONFLICT (seq) DO UPDATE SET last_observed_at = greatest(o.last_observed_at, excluded.last_observed_at),
        observation_count = o.observation_count + 1;
    v_seq := v_first_seq;
    v_answer := -v_seq;
  ELSE
    SELECT f.*, coalesce(o.last_observed_at, f.observed_at) AS seen_at, coalesce(o.observation_count, f.observation_count) AS seen
      INTO v_old FROM facts f LEFT JOIN fact_observations o ON o.seq = f.seq
      WHERE f.seq = v_first_seq AND f.superseded_at IS NULL;
    UPDATE facts SET superseded_at = p_instant, superseded_actor = p_actor, superseded_reason = p_reason,
      superseded_xid = pg_current_xact_id() WHERE seq = v_first_seq AND superseded_at IS NULL;
    IF v_first_from < p_valid_from THEN v_before := nextval('fact_seq'); END IF;
    IF v_first_to > v_to THEN v_after := nextval('fact_seq'); END IF;
    v_seq := nextval('fact_seq');
    INSERT INTO facts (${ROW})
      SELECT r.seq, ${KEY}, r.since, r.until, p_instant, v_old.seen_at, v_old.seen, ${OLD_CONTENT}
        FROM (VALUES (v_before, v_first_from, p_valid_from), (v_after, v_to, v_first_to)) r (seq, since, until)
        WHERE r.seq IS NOT NULL
      UNION ALL SELECT v_seq, ${KEY}, p_valid_from, v_to, p_instant, p_observed_at, 1,
        p_content_hash, p_confidence, p_target, p_actor, p_reason, p_source, p_value;
    IF v_before IS NOT NULL OR v_after IS NOT NULL THEN
      INSERT INTO fact_text (seq, words) SELECT r.seq, t.words
        FROM fact_text t CROSS JOIN (VALUES (v_before), (v_after)) r (seq)
        WHERE t.seq = v_first_seq AND r.seq IS NOT NULL;
      IF NOT FOUND THEN
        INSERT INTO fact_text_pending (from_seq, through_seq)
          VALUES (coalesce(v_before, v_after), coalesce(v_after, v_before));
      END IF;
    END IF;
    INSERT INTO fact_text (seq, words) VALUES (v_seq, array_to_tsvector(p_words));
    v_answer := v_seq;
  END IF;
  IF p_idempotency_key IS NOT NULL THEN
    INSERT INTO fact_idempotency (idempotency_key, digest, outcome) VALUES (p_idempotency_key, p_digest,
      format('{"recordedAt":%s,"changed":%s,"contentHash":"%s","factId":"%s"}',
        p_instant, (v_answer > 0)::text, encode(p_content_hash, 'hex'), v_seq));
  END IF;
  RETURN v_answer;
END;
  -- What has only locked need not be durable.
  PERFORM set_config('synchronous_commit', 'off', true);
  RETURN v_answer;
END $$
--;
DROP TRIGGER fact_clock_forward ON fact_clock
--;
DROP FUNCTION fact_forward
--;
CREATE FUNCTION fact_refuse_going_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'transaction time never goes back' USING ERRCODE = '23514'; END $$
--;
-- What is allowed is decided without calling a function, and without locking the row before it is changed.
${CLOCK_FORWARD}
--;
ALTER TABLE fact_clock ENABLE ALWAYS TRIGGER fact_clock_forward
--;
-- As before, but planned once in a session and not for each statement.
CREATE OR REPLACE FUNCTION fact_key_number(text, text, text, text) RETURNS int8 LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN ('x' || encode(substring(sha256(convert_to($1 || E'\\n' || $2 || E'\\n' || $3 || E'\\n' || $4, 'UTF8')) from 1 for 8),
    'hex'))::bit(64)::int8;
END $$
`;
