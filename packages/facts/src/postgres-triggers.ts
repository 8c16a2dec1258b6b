import { type PostgresDatabase, type PostgresRow, StorageError } from '@praxis/storage';

import { CLOSE_ONCE, OBSERVATIONS_GROW } from './postgres-schema-5.ts';
import { CLOCK_FORWARD } from './postgres-schema-6.ts';

const TABLES = `c.relnamespace = current_schema()::regnamespace AND c.relname LIKE 'fact%'`;
// Those of partitions that come from the table they are a part of are that table's.
const TRIGGERS = `SELECT c.relname, t.tgname, t.tgenabled::text, t.tgparentid <> 0, pg_get_triggerdef(t.oid, true)
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  WHERE ${TABLES} AND (NOT t.tgisinternal OR t.tgparentid <> 0)`;
const RULES = `SELECT c.relname, r.rulename FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  WHERE ${TABLES} AND c.relkind IN ('r', 'p')`;

/** The tables with a trigger that has a condition, and what makes it. */
const CONDITIONAL: readonly (readonly [table: string, statement: string])[] = [
  ['facts', CLOSE_ONCE[0] ?? ''],
  ['fact_observations', OBSERVATIONS_GROW],
  ['fact_clock', CLOCK_FORWARD],
];
/** A copy of a table for as long as a transaction lasts, which is never kept. */
const COPY = 'guarded';

/**
 * Compares the triggers on the store's tables with those that the migrations make: when each fires, on what condition,
 * and what it calls. Conditions are compared as this very server writes them. Throws `STORE_TAMPERED` for one that is
 * another, is missing or was added, and for rules, which rewrite what is asked.
 */
export async function checkPostgresTriggers(db: PostgresDatabase): Promise<void> {
  const [found, [rule]] = await Promise.all([db.query(TRIGGERS), db.query(RULES)]);
  if (rule !== undefined) throw tampered(String(rule[0]), `the rule \`${String(rule[1])}\` was added`);
  const tables = new Set(found.map(([table]) => String(table)));
  const expected = expectedTriggers(tables, await conditions(db));
  for (const row of found) {
    const [table = '', name = '', enabled, isInherited, definition = ''] = row.map(String);
    const trigger = `${table}.${name}`;
    const known = expected.get(isInherited === 'true' ? `facts.${name}` : trigger);
    if (known === undefined) throw tampered(trigger, `the trigger \`${trigger}\` was added`);
    if (enabled !== 'A' || definition.replace(` ON ${table} `, ' ON ') !== known)
      throw tampered(trigger, `the trigger \`${trigger}\` is not the one that guards the store`);
  }
  checkComplete(found, expected);
}

function checkComplete(found: readonly PostgresRow[], expected: ReadonlyMap<string, string>): void {
  const there = new Set(found.map(([table, name]) => `${String(table)}.${String(name)}`));
  for (const trigger of expected.keys())
    if (!there.has(trigger)) throw tampered(trigger, `the trigger \`${trigger}\` was dropped`);
}

/** Every trigger there is to be on some tables, without the name of its table. */
function expectedTriggers(
  tables: ReadonlySet<string>,
  conditional: ReadonlyMap<string, string>,
): Map<string, string> {
  const expected = new Map(conditional);
  const isPartitioned = tables.has('facts_current');
  const guard = (table: string, what: string, each: 'ROW' | 'STATEMENT', events: string): void => {
    const name = `${table}_${what}`;
    expected.set(
      `${table}.${name}`,
      `CREATE TRIGGER ${name} BEFORE ${events} ON FOR EACH ${each} EXECUTE FUNCTION fact_refuse()`,
    );
  };
  const inserted = (table: string): void =>
    void expected.set(
      `${table}.${table}_inserted`,
      `CREATE TRIGGER ${table}_inserted AFTER INSERT ON REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION fact_inserted()`,
    );
  for (const table of ['fact_classifications', 'fact_clock', 'fact_idempotency', 'fact_observations'])
    guard(table, 'no_delete', 'ROW', 'DELETE');
  for (const table of ['fact_classifications', 'fact_idempotency'])
    guard(table, 'no_update', 'ROW', 'UPDATE');
  for (const table of ['fact_seals', 'fact_text', 'fact_vectors'])
    guard(table, 'no_change', 'ROW', 'DELETE OR UPDATE');
  guard('facts', 'no_delete', isPartitioned ? 'STATEMENT' : 'ROW', 'DELETE');
  inserted('facts');
  if (isPartitioned) inserted('facts_current');
  const parts = [...tables].filter((table) => table === 'facts_current' || table.startsWith('facts_ended_'));
  for (const table of parts) guard(table, 'no_delete', 'STATEMENT', 'DELETE');
  for (const table of parts) if (table !== 'facts_current') guard(table, 'no_insert', 'STATEMENT', 'INSERT');
  for (const table of [...TRUNCATED, ...parts]) guard(table, 'no_truncate', 'STATEMENT', 'TRUNCATE');
  return expected;
}

const TRUNCATED: readonly string[] = [
  'facts',
  'fact_classifications',
  'fact_clock',
  'fact_idempotency',
  'fact_observations',
  'fact_seals',
  'fact_text',
  'fact_vectors',
];

/** Thrown to undo. */
class Undo extends Error {
  readonly definitions: ReadonlyMap<string, string>;
  constructor(definitions: ReadonlyMap<string, string>) {
    super('undo');
    this.definitions = definitions;
  }
}

/** How this server writes the triggers with a condition: it is made to, on copies of their tables that nobody sees. */
async function conditions(db: PostgresDatabase): Promise<ReadonlyMap<string, string>> {
  try {
    return await db.transact(async (session) => {
      const definitions = new Map<string, string>();
      for (const [table, statement] of CONDITIONAL) {
        const copy = `${COPY}_${table}`;
        await session.query(`CREATE TEMPORARY TABLE ${copy} (LIKE ${table})`);
        await session.query(statement.replace(` ON ${table} `, ` ON ${copy} `));
        const [row = []] = await session.query(
          `SELECT tgname, pg_get_triggerdef(oid, true) FROM pg_trigger WHERE tgrelid = '${copy}'::regclass`,
        );
        definitions.set(`${table}.${String(row[0])}`, String(row[1]).replace(` ON ${copy} `, ' ON '));
      }
      throw new Undo(definitions);
    });
  } catch (error) {
    if (error instanceof Undo) return error.definitions;
    throw error;
  }
}

function tampered(object: string, message: string): StorageError {
  return new StorageError('STORE_TAMPERED', message, { fields: { object } });
}
