import { type PostgresDatabase, StorageError } from '@praxis/storage';

import { LOCK_STRIPES, POSTGRES_FACT_MIGRATIONS, POSTGRES_FACT_TRIGGERS } from './postgres-schema.ts';

const TRIGGERS = `SELECT c.relname || '.' || t.tgname, p.proname FROM pg_trigger t
  JOIN pg_class c ON c.oid = t.tgrelid
  JOIN pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = c.relnamespace
  WHERE NOT t.tgisinternal AND t.tgenabled = 'A' AND c.relnamespace = current_schema()::regnamespace`;
const FUNCTIONS =
  'SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND pronargs = 0';
const INDEX = `SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE c.relname = 'facts_believed' AND c.relnamespace = current_schema()::regnamespace
    AND i.indisunique AND i.indisvalid`;
const STRIPES = 'SELECT count(*) FROM fact_stripes';

/**
 * Looks for what keeps a store append-only and of one belief: triggers that always fire, the functions they call as the
 * migrations made them, the unique index of what is believed, and the rows that writers lock. Throws `STORE_TAMPERED`.
 */
export async function checkPostgresGuards(db: PostgresDatabase): Promise<void> {
  const [triggers, functions, index, [stripes]] = await Promise.all([
    db.query(TRIGGERS),
    db.query(FUNCTIONS),
    db.query(INDEX),
    db.query(STRIPES),
  ]);
  const calls = new Map(triggers.map(([trigger, name]) => [String(trigger), String(name)]));
  const bodies = new Map(functions.map(([name, body]) => [String(name), String(body)]));
  for (const trigger of POSTGRES_FACT_TRIGGERS) {
    const name = calls.get(trigger);
    if (name === undefined) throw tampered(trigger, `the trigger \`${trigger}\` was dropped or disabled`);
    if (bodies.get(name) !== EXPECTED.get(name))
      throw tampered(name, `the function \`${name}\` is not the one that guards the store`);
  }
  if (index.length === 0) throw tampered('facts_believed', 'the index `facts_believed` was dropped');
  if (Number(stripes?.[0]) !== LOCK_STRIPES)
    throw tampered('fact_stripes', 'rows that writers lock are missing');
}

/** The bodies of the trigger functions, as the last migration that speaks of each leaves them. */
const EXPECTED: ReadonlyMap<string, string> = functionsOf(
  POSTGRES_FACT_MIGRATIONS.map(({ sql }) => sql).join('\n'),
);

function functionsOf(sql: string): Map<string, string> {
  const made = sql.matchAll(/CREATE (?:OR REPLACE )?FUNCTION (\w+)\(\) [^$]*\$\$([^$]*)\$\$/g);
  return new Map(Array.from(made, ([, name = '', body = '']) => [name, body]));
}

function tampered(object: string, message: string): StorageError {
  return new StorageError('STORE_TAMPERED', message, { fields: { object } });
}
