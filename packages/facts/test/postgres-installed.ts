import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A PostgreSQL found on this machine. */
export interface InstalledPostgres {
  /** `15.18`, as it says itself. */
  readonly version: string;
  /** The directory of `initdb`, `pg_ctl` and `postgres`. */
  readonly binDir: string;
}

/** Where Debian and Ubuntu put them, each in a directory named after its version. */
const DEBIAN_ROOT = '/usr/lib/postgresql';

/**
 * Every PostgreSQL beside the one that comes from npm: what the distribution installed, and the directories of
 * `PRAXIS_TEST_POSTGRES_BIN`, separated by colons. Throws when one of those holds no PostgreSQL.
 */
export function installedPostgres(): readonly InstalledPostgres[] {
  const debian = existsSync(DEBIAN_ROOT) ? readdirSync(DEBIAN_ROOT) : [];
  const installed = debian.map((name) => join(DEBIAN_ROOT, name, 'bin')).filter(holdsPostgres);
  const named = listOf('PRAXIS_TEST_POSTGRES_BIN');
  return [...new Set([...installed, ...named])].map((binDir) => ({ version: versionOf(binDir), binDir }));
}

/** The PostgreSQL that tests use in place of the one from npm: `PRAXIS_TEST_POSTGRES_MAIN_BIN`, when it is set. */
export function mainPostgres(): string | undefined {
  return listOf('PRAXIS_TEST_POSTGRES_MAIN_BIN')[0];
}

/** Whether a PostgreSQL comes with an extension: in Debian's directories, or as in the builds that npm has. */
export function comesWith({ binDir }: InstalledPostgres, extension: string): boolean {
  const prefix = dirname(binDir);
  const directories = [
    join(prefix, '..', '..', '..', 'share', 'postgresql', basename(prefix)),
    join(prefix, 'share', 'postgresql'),
    join(prefix, 'share'),
  ];
  return directories.some((share) => existsSync(join(share, 'extension', `${extension}.control`)));
}

function listOf(variable: string): string[] {
  const named = (process.env[variable] ?? '').split(':').filter((directory) => directory !== '');
  const empty = named.find((directory) => !holdsPostgres(directory));
  if (empty !== undefined) throw new Error(`${variable}: there is no PostgreSQL in ${empty}`);
  return named;
}

function holdsPostgres(binDir: string): boolean {
  return ['initdb', 'pg_ctl', 'postgres'].every((program) => existsSync(join(binDir, program)));
}

function versionOf(binDir: string): string {
  const said = execFileSync(join(binDir, 'postgres'), ['--version'], { encoding: 'utf8' });
  return /\d+(?:\.\d+)?/.exec(said)?.[0] ?? said.trim();
}
