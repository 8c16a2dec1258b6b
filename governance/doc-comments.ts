import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseSync } from 'oxc-parser';

/** What was read, and every export of a package's entry point that says nothing about itself. */
export interface DocCommentReport {
  readonly exportsRead: number;
  readonly problems: readonly string[];
}

interface Declared {
  readonly documented: boolean;
  readonly line: number;
}

/** Looks at what each package exports from its `index.ts`: every name must have a doc comment where it is declared. */
export function checkDocComments(root: string): DocCommentReport {
  const problems: string[] = [];
  let exportsRead = 0;
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const index = join(root, 'packages', name, 'src', 'index.ts');
    for (const [file, names] of reexports(index)) {
      const declared = declarations(file);
      for (const exported of names) {
        exportsRead += 1;
        const found = declared.get(exported);
        const at = relative(root, file);
        if (found === undefined)
          problems.push(`${at}: ${exported} is exported by ${name} and not declared here`);
        else if (!found.documented) problems.push(`${at}:${found.line}: ${exported} has no doc comment`);
      }
    }
  }
  return { exportsRead, problems };
}

/** The files an entry point takes its exports from, and the names it takes. */
function reexports(index: string): Map<string, string[]> {
  const files = new Map<string, string[]>();
  for (const statement of parse(index).program.body) {
    if (statement.type === 'ExportAllDeclaration') {
      const file = join(dirname(index), statement.source.value);
      files.set(file, [...(files.get(file) ?? []), ...declarations(file).keys()]);
    }
    if (statement.type !== 'ExportNamedDeclaration' || statement.source === null) continue;
    const file = join(dirname(index), statement.source.value);
    const names = statement.specifiers.map(({ local }) => ('name' in local ? local.name : local.value));
    files.set(file, [...(files.get(file) ?? []), ...names]);
  }
  return files;
}

/** What a file declares and exports, and whether a doc comment stands right before it. */
function declarations(file: string): Map<string, Declared> {
  const { program, comments } = parse(file);
  const text = readFileSync(file, 'utf8');
  const docEnds = comments
    .filter((comment) => comment.type === 'Block' && comment.value.startsWith('*'))
    .map((comment) => comment.end);
  const declared = new Map<string, Declared>();
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration === null) continue;
    const documented = docEnds.some(
      (end) => end <= statement.start && text.slice(end, statement.start).trim() === '',
    );
    const line = text.slice(0, statement.start).split('\n').length;
    for (const name of namesOf(statement.declaration)) {
      // One overload or one half of a type and value of the same name may speak for both.
      declared.set(name, { documented: documented || declared.get(name)?.documented === true, line });
    }
  }
  return declared;
}

type Declaration = NonNullable<
  Extract<
    ReturnType<typeof parse>['program']['body'][number],
    { type: 'ExportNamedDeclaration' }
  >['declaration']
>;

function namesOf(declaration: Declaration): string[] {
  if (declaration.type === 'VariableDeclaration') {
    return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
  }
  return 'id' in declaration && declaration.id !== null && 'name' in declaration.id
    ? [declaration.id.name]
    : [];
}

function parse(file: string): ReturnType<typeof parseSync> {
  const parsed = parseSync(file, readFileSync(file, 'utf8'));
  const [fault] = parsed.errors;
  if (fault !== undefined) throw new Error(`${file}: ${fault.message}`);
  return parsed;
}
