import type { DatabaseSync } from 'node:sqlite';

/**
 * How much of a file is read through a mapping, in bytes: reads stay quick when a store has outgrown the page cache.
 * Nothing is written through it. The most SQLite maps in its usual build is 64 KiB less than 2 GiB.
 */
export const MAPPED_BYTES_MAX = 2_147_418_112;

/**
 * The mapping of an open database. A page that the disk cannot read, or that somebody cut off, ends the process when
 * it is touched through the mapping (SIGBUS), and is an error when it is asked for by a system call. So whatever is
 * there to find damage, or reads every page, runs without it.
 */
export interface SqliteMapping {
  /** Reads by system calls until the function that is returned is called. */
  suspend(): () => void;
}

/** Maps the file of an open database from here on. */
export function mapSqlite(db: DatabaseSync): SqliteMapping {
  let suspended = 0;
  const map = (bytes: number): void => db.exec(`PRAGMA mmap_size = ${bytes}`);
  map(MAPPED_BYTES_MAX);
  return {
    suspend() {
      if (suspended === 0) map(0);
      suspended += 1;
      let over = false;
      return () => {
        if (over) return;
        over = true;
        suspended -= 1;
        if (suspended === 0 && db.isOpen) map(MAPPED_BYTES_MAX);
      };
    },
  };
}
