import { spawnSync } from 'node:child_process';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';

import { MAPPED_BYTES_MAX, mapSqlite } from './sqlite-mapping.ts';
import { openSqlite } from './sqlite.ts';

const MIGRATIONS = [{ version: 1, sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT) STRICT' }];
const CUT_TO_BYTES = 64 * 1024;

/** A database of some megabytes, all of it in its file. */
function aFile(): { path: string; directory: string } {
  const dir = makeTempDir();
  onTestFinished(() => dir.remove());
  const path = join(dir.path, 's.db');
  const db = openSqlite({ path, migrations: MIGRATIONS });
  db.transact(() => {
    for (let id = 1; id <= 2000; id += 1)
      db.run('INSERT INTO t (id, x) VALUES (?, ?)', [id, 'x'.repeat(1000)]);
  });
  db.close();
  return { path, directory: dir.path };
}

/**
 * Opens the database in another process, cuts its file while it is open, and tells what `act` came to: its code, or
 * the signal that ended the process.
 */
function whenCut(file: { path: string; directory: string }, act: string): string {
  const { path, directory } = file;
  const program = `
    import { truncateSync } from 'node:fs';
    import { openSqlite } from ${JSON.stringify(join(import.meta.dirname, 'sqlite.ts'))};
    const db = openSqlite(${JSON.stringify({ path, migrations: MIGRATIONS, checkIntegrity: false })});
    // With something in the journal, SQLite takes the size of the file from there.
    db.run("INSERT INTO t (x) VALUES ('y')");
    db.get('SELECT x FROM t WHERE id = 1');
    truncateSync(${JSON.stringify(path)}, ${CUT_TO_BYTES});
    const target = ${JSON.stringify(join(directory, 'copy.db'))};
    try {
      ${act};
      process.stdout.write('nothing');
    } catch (error) {
      process.stdout.write(String(error.code));
    }`;
  const run = spawnSync(
    process.execPath,
    ['--conditions=praxis-source', '--input-type=module', '-e', program],
    { encoding: 'utf8' },
  );
  return run.signal ?? run.stdout;
}

describe('a file that is cut while it is open', () => {
  it('is found by the check, which tells it', () => {
    expect(['STORE_CORRUPT', 'STORE_IO']).toContain(whenCut(aFile(), 'db.checkIntegrity()'));
  });

  it('is found by whoever copies it, who tells it', () => {
    expect(['STORE_CORRUPT', 'STORE_IO']).toContain(whenCut(aFile(), 'await db.backupTo(target)'));
  });

  it('is refused at the next start, whatever became of the process that read on', () => {
    const file = aFile();
    const readOn = whenCut(file, "db.all('SELECT sum(length(x)) FROM t')");
    expect(['SIGBUS', 'STORE_CORRUPT', 'STORE_IO']).toContain(readOn);
    expect(() => openSqlite({ path: file.path, migrations: MIGRATIONS })).toThrow(
      expect.objectContaining({ code: 'STORE_CORRUPT' }),
    );
  });

  it('is an error where it was cut before it was opened, also unchecked', () => {
    const { path } = aFile();
    truncateSync(path, CUT_TO_BYTES);
    expect(() => {
      const db = openSqlite({ path, migrations: MIGRATIONS, checkIntegrity: false });
      onTestFinished(() => db.close());
      db.all('SELECT sum(length(x)) FROM t');
    }).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
  });
});

describe('mapSqlite', () => {
  const mapped = (db: DatabaseSync): unknown => db.prepare('PRAGMA mmap_size').get()?.['mmap_size'];

  it('maps until it is suspended, and again once everybody has resumed', () => {
    const db = new DatabaseSync(aFile().path);
    onTestFinished(() => db.close());
    const mapping = mapSqlite(db);
    expect(mapped(db)).toBe(MAPPED_BYTES_MAX);
    const [first, second] = [mapping.suspend(), mapping.suspend()];
    expect(mapped(db)).toBe(0);
    first();
    first();
    expect(mapped(db)).toBe(0);
    second();
    expect(mapped(db)).toBe(MAPPED_BYTES_MAX);
  });

  it('lets a database be closed while it is suspended', () => {
    const db = new DatabaseSync(aFile().path);
    const resume = mapSqlite(db).suspend();
    db.close();
    expect(resume).not.toThrow();
  });
});
