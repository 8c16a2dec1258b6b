import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errorCode, PraxisError, systemClock } from '@praxis/core';
import {
  fileWitnessStore,
  loadOrCreateKey,
  parseVerifierKey,
  serveWitness,
  type SigningKey,
  Witness,
  witnessedNotesIn,
} from '@praxis/ledger';
import { readConfig } from '@praxis/mcp-server';
import { lockDataDir, openDataDir } from '@praxis/storage';
import type { Command } from 'commander';
import { action } from '../exit.ts';
import { untilSignal } from '../serving.ts';
import { wholeNumber } from '../whole-number.ts';
import { collect, keysIn } from './audit-options.ts';

/** The largest port there is. */
const PORT_MAX = 65_535;
const PORT_DEFAULT = '8766';
/** A key name: no white space and no plus sign (C2SP signed-note), and short enough for a line. */
const NAME = /^[^\s+]{1,200}$/;

/** `praxis audit witness serve|export`: watch the ledgers of others, so that none can be forked or rolled back unseen. */
export function registerWitnessCommands(audit: Command): void {
  const witness = audit
    .command('witness')
    .description("cosign other ledgers' checkpoints (C2SP tlog-witness)");
  witness
    .command('serve')
    .requiredOption(
      '--log-key <key>',
      'verifier key of a ledger to watch, or a file of them, which is read anew at each request',
      collect,
    )
    .option(
      '--dir <dir>',
      'where the key and what was seen are kept (default: witness in the data directory)',
    )
    .option(
      '--name <name>',
      "the witness's name, kept at first use (default: this machine's name/praxis-witness)",
    )
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on, 0 for any free one', PORT_DEFAULT)
    .description(
      'cosign what goes on consistently from what was seen before; run it in other hands than the ledger',
    )
    .action(action(serve));
  witness
    .command('export')
    .option('--dir <dir>', 'where the witness keeps what it saw (default: witness in the data directory)')
    .description('write the latest checkpoint of every ledger watched, for `praxis audit verify --witnessed`')
    .action(action(exportNotes));
}

interface ServeOptions {
  readonly logKey: string[];
  readonly dir?: string;
  readonly name?: string;
  readonly host: string;
  readonly port: string;
}

async function serve(options: ServeOptions): Promise<void> {
  const port = wholeNumber(options.port, 0, PORT_MAX, '--port');
  const logKeys = (): readonly string[] => options.logKey.flatMap(keysIn);
  if (!logKeys().some((key) => parseVerifierKey(key)?.type === 'note'))
    throw new PraxisError('USAGE', '--log-key names no verifier key of a ledger');
  const directory = openDataDir(directoryOf(options.dir));
  const lock = lockDataDir(directory);
  try {
    const key = keyIn(directory, options.name);
    const store = fileWitnessStore(statesIn(directory));
    const witness = new Witness({
      name: key.name,
      privateKey: key.privateKey,
      logKeys,
      store,
      clock: systemClock,
    });
    const running = await serveWitness(witness, {
      host: options.host,
      port,
      log: (line) => console.error(`praxis: ${line}`),
    });
    console.log(`praxis: ${key.name} cosigns what it is shown at ${running.url}`);
    console.log(`PRAXIS_WITNESSES='${running.url} ${key.verifierKey}'`);
    await untilSignal();
    await running.close();
  } finally {
    lock.release();
  }
}

/** Writes the notes as an anchor holds them: one JSON string per line. */
function exportNotes(options: { readonly dir?: string }): void {
  for (const note of notesIn(directoryOf(options.dir))) console.log(JSON.stringify(note));
}

function notesIn(directory: string): string[] {
  try {
    return witnessedNotesIn(statesIn(directory));
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new PraxisError('USAGE', `there is no witness in \`${directory}\``, { cause: error });
  }
}

function directoryOf(dir: string | undefined): string {
  return dir ?? join(readConfig(process.env).dataDir, 'witness');
}

function statesIn(directory: string): string {
  return join(directory, 'logs');
}

/** The witness's key. Its name is part of what auditors pin, so it stays what it was at first. */
function keyIn(directory: string, wanted: string | undefined): SigningKey {
  const path = join(directory, 'witness.key');
  const before = publishedName(`${path}.pub`);
  const name = before ?? wanted ?? `${hostname()}/praxis-witness`;
  if (wanted !== undefined && wanted !== name)
    throw new PraxisError('USAGE', `this witness is called \`${name}\`; another name is another witness`);
  if (!NAME.test(name)) throw new PraxisError('USAGE', `\`${name}\` cannot name a witness`);
  return loadOrCreateKey(path, name, 'cosignature');
}

function publishedName(path: string): string | null {
  try {
    return parseVerifierKey(readFileSync(path, 'utf8'))?.name ?? null;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
