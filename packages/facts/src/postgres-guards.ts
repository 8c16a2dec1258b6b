import { type PostgresDatabase, type PostgresRow, StorageError } from '@praxis/storage';

import { LOCK_STRIPES, POSTGRES_FACT_MIGRATIONS, POSTGRES_FACT_TRIGGERS } from './postgres-schema.ts';

const TRIGGERS = `SELECT c.relname || '.' || t.tgname, p.proname FROM pg_trigger t
  JOIN pg_class c ON c.oid = t.tgrelid
  JOIN pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = c.relnamespace
  WHERE NOT t.tgisinternal AND t.tgenabled = 'A' AND c.relnamespace = current_schema()::regnamespace`;
const FUNCTIONS =
  'SELECT proname, provolatile::text || prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace';
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
  for (const trigger of POSTGRES_FACT_TRIGGERS) {
    const name = calls.get(trigger);
    if (name === undefined) throw tampered(trigger, `the trigger \`${trigger}\` was dropped or disabled`);
    if (!EXPECTED.has(name)) throw tampered(trigger, `the trigger \`${trigger}\` calls another function`);
  }
  for (const [name, body] of EXPECTED) checkFunction(name, body, functions);
  if (index.length === 0) throw tampered('facts_believed', 'the index `facts_believed` was dropped');
  if (Number(stripes?.[0]) !== LOCK_STRIPES)
    throw tampered('fact_stripes', 'rows that writers lock are missing');
}

/** There must be one of a name: which of several is called is decided by what it is called with. */
function checkFunction(name: string, body: string, functions: readonly PostgresRow[]): void {
  const found = functions.filter(([one]) => one === name);
  if (found.length !== 1 || found[0]?.[1] !== body)
    throw tampered(name, `the function \`${name}\` is not the one that the store was made with`);
}

/** All functions, as the last migration that speaks of each leaves them: whether it may be called once for many, and its body. */
const EXPECTED: ReadonlyMap<string, string> = functionsOf(
  POSTGRES_FACT_MIGRATIONS.map(({ sql }) => sql).join('\n--;\n'),
);

function functionsOf(sql: string): Map<string, string> {
  const functions = new Map<string, string>();
  for (const statement of sql.split(/^--;$/m)) {
    const [head = '', body = ''] = statement.split('$$');
    const [, act, name = ''] = /^(CREATE|DROP)(?: OR REPLACE)? FUNCTION (\w+)/m.exec(head) ?? [];
    if (act === 'CREATE') functions.set(name, `${head.includes(' IMMUTABLE') ? 'i' : 'v'}${body}`);
    if (act === 'DROP') functions.delete(name);
  }
  return functions;
}

function tampered(object: string, message: string): StorageError {
  return new StorageError('STORE_TAMPERED', message, { fields: { object } });
}
