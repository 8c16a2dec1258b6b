import {
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { openSqlite } from './sqlite.ts';

const MIGRATIONS = [
  { version: 1, sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT) STRICT' },
  { version: 2, sql: "ALTER TABLE t ADD COLUMN y TEXT; INSERT INTO t (x, y) VALUES ('made', 'by 2')" },
];

function aFile(): string {
  return join(makeTempDir().path, 's.db');
}

describe('openSqlite', () => {
  it('opens durably, with recursive triggers', () => {
    const db = openSqlite({ path: aFile(), migrations: MIGRATIONS });
    const pragma = (name: string): unknown => Object.values(db.get(`PRAGMA ${name}`) ?? {})[0];
    expect([pragma('journal_mode'), pragma('synchronous'), pragma('recursive_triggers')]).toEqual([
      'wal',
      2,
      1,
    ]);
    db.close();
  });

  it('migrates forward from every earlier version, once', () => {
    for (const version of [0, 1, 2]) {
      const path = aFile();
      openSqlite({ path, migrations: MIGRATIONS.slice(0, version) }).close();
      for (let opened = 0; opened < 2; opened += 1) {
        const db = openSqlite({ path, migrations: MIGRATIONS });
        expect(db.all('SELECT x, y FROM t').map((row) => ({ ...row }))).toEqual([{ x: 'made', y: 'by 2' }]);
        db.close();
      }
    }
  });

  it('leaves nothing behind of a migration that fails', () => {
    const path = aFile();
    const broken = [
      ...MIGRATIONS,
      { version: 3, sql: 'CREATE TABLE u (id INTEGER) STRICT; CREATE NONSENSE' },
    ];
    expect(() => openSqlite({ path, migrations: broken })).toThrow();
    openSqlite({ path, migrations: MIGRATIONS }).close();
  });

  it('refuses a store of a newer version', () => {
    const path = aFile();
    openSqlite({ path, migrations: MIGRATIONS }).close();
    expect(() => openSqlite({ path, migrations: MIGRATIONS.slice(0, 1) })).toThrow(
      expect.objectContaining({ code: 'STORE_VERSION_UNKNOWN' }),
    );
  });

  it.each([
    'DROP TABLE t',
    'ALTER TABLE t RENAME TO u',
    'PRAGMA writable_schema = ON',
    'PRAGMA synchronous = OFF',
    "ATTACH 'x' AS y",
  ])('denies %s to its own connection', (sql) => {
    const db = openSqlite({ path: ':memory:', migrations: MIGRATIONS });
    expect(() => db.run(sql)).toThrow();
    expect(db.all('SELECT * FROM t')).toHaveLength(1);
  });

  it('refuses a file that is no database, with advice', () => {
    const path = aFile();
    writeFileSync(path, 'x'.repeat(8192));
    expect(() => openSqlite({ path, migrations: MIGRATIONS })).toThrow(
      expect.objectContaining({ code: 'STORE_CORRUPT' }),
    );
  });

  it('refuses a damaged database', () => {
    const path = aFile();
    const db = openSqlite({ path, migrations: MIGRATIONS });
    for (let n = 0; n < 500; n += 1) db.run('INSERT INTO t (x) VALUES (?)', ['x'.repeat(500)]);
    db.close();
    truncateSync(path, 40_960);
    expect(() => openSqlite({ path, migrations: MIGRATIONS })).toThrow(
      expect.objectContaining({ code: 'STORE_CORRUPT' }),
    );
  });

  it('checks a file on demand that was not checked at start, as large ones are not', () => {
    const path = aFile();
    const db = openSqlite({ path, migrations: MIGRATIONS });
    for (let n = 0; n < 500; n += 1) db.run('INSERT INTO t (x) VALUES (?)', ['x'.repeat(500)]);
    db.checkIntegrity();
    db.close();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 12_288, 16_384);
    writeFileSync(path, bytes);
    const damaged = openSqlite({ path, migrations: MIGRATIONS, checkIntegrity: false });
    expect(() => damaged.checkIntegrity()).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
    damaged.close();
  });

  it('refuses a symbolic link and a directory in place of the file', () => {
    const dir = makeTempDir();
    symlinkSync(aFile(), join(dir.path, 'link.db'));
    mkdirSync(join(dir.path, 'dir.db'));
    for (const name of ['link.db', 'dir.db']) {
      expect(() => openSqlite({ path: join(dir.path, name), migrations: MIGRATIONS })).toThrow(
        expect.objectContaining({ code: 'STORE_PATH_UNSAFE' }),
      );
    }
  });

  it('says that it is locked while another connection writes', () => {
    const path = aFile();
    const db = openSqlite({ path, migrations: MIGRATIONS });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    expect(() => db.transact(() => db.run('DELETE FROM t'))).toThrow(
      expect.objectContaining({ code: 'STORE_LOCKED' }),
    );
    other.exec('ROLLBACK');
    db.transact(() => db.run('DELETE FROM t'));
  });

  it('says that the disk is full, rolls back, and goes on when there is room again', () => {
    const path = aFile();
    const db = openSqlite({ path, migrations: MIGRATIONS });
    const pages = Number(Object.values(db.get('PRAGMA page_count') ?? {})[0]);
    db.run(`PRAGMA max_page_count = ${pages + 2}`);
    const fill = (): void =>
      db.transact(() => void db.run('INSERT INTO t (x) VALUES (?)', ['x'.repeat(100_000)]));
    expect(fill).toThrow(expect.objectContaining({ code: 'STORE_FULL' }));
    expect(db.all('SELECT * FROM t')).toHaveLength(1);
    db.run('PRAGMA max_page_count = 1000000');
    fill();
    expect(db.all('SELECT * FROM t')).toHaveLength(2);
  });

  it('copies itself while in use, and never over a file', async () => {
    const path = aFile();
    const db = openSqlite({ path, migrations: MIGRATIONS });
    await db.backupTo(`${path}.copy`);
    db.run("INSERT INTO t (x) VALUES ('later')");
    const copy = openSqlite({ path: `${path}.copy`, migrations: MIGRATIONS });
    expect(copy.all('SELECT * FROM t')).toHaveLength(1);
    await expect(db.backupTo(`${path}.copy`)).rejects.toMatchObject({ code: 'STORE_PATH_UNSAFE' });
    expect(statSync(`${path}.copy`).mode & 0o777).toBe(0o600);
    await expect(db.backupTo(join(path, 'no', 'such'))).rejects.toMatchObject({ code: 'STORE_IO' });
  });

  it('leaves no copy of what turns out to be damaged', async () => {
    const path = aFile();
    const db = openSqlite({ path, migrations: MIGRATIONS });
    for (let n = 0; n < 500; n += 1) db.run('INSERT INTO t (x) VALUES (?)', ['x'.repeat(500)]);
    db.close();
    const bytes = readFileSync(path);
    bytes.fill(0x5a, 12_288, 16_384);
    writeFileSync(path, bytes);
    const damaged = openSqlite({ path, migrations: MIGRATIONS, checkIntegrity: false });
    await expect(damaged.backupTo(`${path}.copy`)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    expect(existsSync(`${path}.copy`)).toBe(false);
    expect(() => damaged.reading(() => damaged.prepare('SELECT * FROM t').all())).toThrow(
      expect.objectContaining({ code: 'STORE_CORRUPT' }),
    );
    damaged.close();
  });

  it('says that a directory is not there', () => {
    expect(() => openSqlite({ path: join(aFile(), 'no', 'such.db'), migrations: MIGRATIONS })).toThrow(
      expect.objectContaining({ code: 'STORE_IO' }),
    );
  });

  it('refuses to bind what SQLite would misunderstand', () => {
    const db = openSqlite({ path: ':memory:', migrations: MIGRATIONS });
    const odd = [undefined, new Date(0), {}, true] as unknown as string[];
    for (const value of odd) {
      expect(() => db.run('INSERT INTO t (x) VALUES (?)', [value])).toThrow(
        expect.objectContaining({ code: 'STORE_FAILED' }),
      );
    }
  });
});
