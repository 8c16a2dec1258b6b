import { DatabaseSync } from 'node:sqlite';

/** Changes the file as somebody with all rights and time could: without the triggers, and with them back. */
export function forge(path: string, sql: string): void {
  const raw = new DatabaseSync(path);
  const triggers = raw.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").all();
  for (const trigger of triggers) raw.exec(`DROP TRIGGER ${String(trigger['name'])}`);
  raw.exec(sql);
  for (const trigger of triggers) raw.exec(String(trigger['sql']));
  raw.close();
}
