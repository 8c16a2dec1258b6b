import { readdirSync, readFileSync } from 'node:fs';
import { errorMessage, sha256Hex } from '@praxis/core';
import { parse } from 'yaml';
import { ShellTableError } from './errors.ts';

/** One table file as it was written: its name and what its YAML says, not yet held against a schema. */
export interface TableDocument {
  readonly file: string;
  readonly document: unknown;
}

/** Every table the classifier is made of. */
export interface TableDocuments {
  /** The documents as one JSON text: what a version of the rules is computed from. */
  readonly text: string;
  readonly tables: readonly TableDocument[];
  readonly windows: TableDocument;
}

interface TableFile {
  readonly file: string;
  readonly yaml: string;
}

const TABLES_URL = new URL('./tables/', import.meta.url);
const WINDOWS_FILE = 'windows/windows.yaml';
const WINDOWS_URL = new URL(`./${WINDOWS_FILE}`, import.meta.url);
/** Beside the compiled code; from the sources the same place is reached. */
const COMPILED_URL = new URL('../../dist/shell/tables.json', import.meta.url);

/** The documents of this installation, read once. */
export const TABLE_DOCUMENTS: TableDocuments = readTableDocuments(compiledTables());

/**
 * The tables beside this module: from `compiled` when that was made from exactly these files, else from
 * their YAML, which takes some 50 times as long. Throws `SHELL_TABLE_INVALID` when one is not YAML.
 */
export function readTableDocuments(compiled: string | null): TableDocuments {
  const files = tableFiles();
  const text = textWhenCurrent(compiled, files) ?? toJson(files);
  // The schemas judge the content in either case.
  const documents = JSON.parse(text) as TableDocument[];
  const windows = documents.pop();
  if (windows?.file !== WINDOWS_FILE) {
    throw new ShellTableError('SHELL_TABLE_INVALID', `${WINDOWS_FILE} is not where it should be`);
  }
  return { text, tables: documents, windows };
}

/** Where the compiled tables are looked for, and what belongs there: the documents below a line of digests. */
export function compileTableDocuments(): { readonly url: URL; readonly text: string } {
  const files = tableFiles();
  const text = toJson(files);
  return { url: COMPILED_URL, text: `${headerOf(files, text)}\n${text}` };
}

/** Reads one YAML text. Throws `SHELL_TABLE_INVALID` with the file and what is wrong in it. */
export function parseTableYaml(yaml: string, file: string): unknown {
  try {
    return parse(yaml, { uniqueKeys: true });
  } catch (cause) {
    throw new ShellTableError('SHELL_TABLE_INVALID', `${file}: ${errorMessage(cause)}`, { cause });
  }
}

/** The compiled tables as they stand, or null where nobody has made them. */
export function compiledTables(): string | null {
  try {
    return readFileSync(COMPILED_URL, 'utf8');
  } catch {
    // A fresh clone has none; a file that cannot be read is as good as none.
    return null;
  }
}

function tableFiles(): TableFile[] {
  const names = readdirSync(TABLES_URL)
    .filter((name) => name.endsWith('.yaml'))
    .sort();
  const tables = names.map((file) => ({ file, yaml: readFileSync(new URL(file, TABLES_URL), 'utf8') }));
  return [...tables, { file: WINDOWS_FILE, yaml: readFileSync(WINDOWS_URL, 'utf8') }];
}

/** The documents of a compiled text that is whole and was made from these files. */
function textWhenCurrent(compiled: string | null, files: readonly TableFile[]): string | null {
  const end = compiled?.indexOf('\n') ?? -1;
  if (compiled === null || end < 0) return null;
  const text = compiled.slice(end + 1);
  return compiled.slice(0, end) === headerOf(files, text) ? text : null;
}

function headerOf(files: readonly TableFile[], text: string): string {
  const source = files.map(({ file, yaml }) => `${file} ${yaml.length}\n${yaml}`).join('\n');
  return `${sha256Hex(source)} ${sha256Hex(text)}`;
}

function toJson(files: readonly TableFile[]): string {
  return JSON.stringify(
    files.map(({ file, yaml }): TableDocument => ({ file, document: parseTableYaml(yaml, file) })),
  );
}
