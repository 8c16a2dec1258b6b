import { errorCode, errorMessage, PraxisError } from '@praxis/core';
import { readFile } from 'node:fs/promises';
import { type Document, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import { type CompileFault, compilePolicy } from '../rules/compile.ts';
import type { PolicyErrorCode } from '../rules/errors.ts';
import { foreignShape } from './import.ts';
import type { PolicyDocument } from './policy-types.ts';
import { policyDocumentSchema } from './schema.ts';

/** Largest document, in bytes of UTF-8. */
export const DOCUMENT_BYTES_MAX = 16_777_216;
/** Most alias expansions of one YAML document. */
const ALIASES_MAX = 100;
/** Most faults reported at once. */
const FAULTS_MAX = 100;

type Path = readonly (string | number)[];

/** One thing that is wrong with a document, at a place a person can go to. Lines and columns count from 1. */
export interface PolicyFault {
  readonly code: string;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface Source {
  readonly file: string;
  readonly lines: LineCounter;
  readonly document: Document;
}

/** Reads a policy file. Throws what `parsePolicy` throws, and `POLICY_UNREADABLE` when there is no such file. */
export async function loadPolicy(file: string): Promise<PolicyDocument> {
  return parsePolicy(await readPolicyText(file), file);
}

/** The text of a policy file. Throws `POLICY_UNREADABLE`. */
export async function readPolicyText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new PraxisError<PolicyErrorCode>(
      'POLICY_UNREADABLE',
      `cannot read \`${file}\`: ${errorCode(error)}`,
      { cause: error },
    );
  }
}

/**
 * Reads a policy from YAML or JSON text. Everything that is wrong is reported at once: throws `POLICY_INVALID` with
 * `fields.faults` (see `policyFaults`), or `POLICY_TOO_LARGE`. A document that loads has no pattern that cannot match for
 * being misspelt.
 */
export function parsePolicy(text: string, file = 'policy'): PolicyDocument {
  const source = readSource(text, file);
  const value = plainValue(source);
  const foreign = foreignShape(value);
  if (foreign !== null) {
    const hint = `this looks like a policy of another tool (${foreign}); convert it with \`praxis policy fmt --import\``;
    throw invalid([faultAt(source, [], 'POLICY_FOREIGN', hint, 0)]);
  }
  const parsed = policyDocumentSchema.safeParse(value);
  if (!parsed.success) {
    throw invalid(
      parsed.error.issues
        .slice(0, FAULTS_MAX)
        .map((issue) =>
          faultAt(
            source,
            issue.path.map(pathPart),
            'POLICY_FIELD_INVALID',
            `${issue.path.join('.')}: ${issue.message}`,
            0,
          ),
        ),
    );
  }
  const faults = documentFaults(parsed.data);
  if (faults.length > 0) {
    throw invalid(
      faults
        .slice(0, FAULTS_MAX)
        .map((fault) => faultAt(source, fault.path, fault.code, fault.message, fault.offset)),
    );
  }
  return parsed.data;
}

/** Reads YAML or JSON text as plain data, with the same faults as `parsePolicy`, without asking for any shape. */
export function parsePolicyData(text: string, file = 'policy'): unknown {
  return plainValue(readSource(text, file));
}

/** The faults of a `POLICY_INVALID` error; none for any other. */
export function policyFaults(error: unknown): readonly PolicyFault[] {
  if (!(error instanceof PraxisError) || !Array.isArray(error.fields['faults'])) return [];
  return error.fields['faults'] as readonly PolicyFault[];
}

function readSource(text: string, file: string): Source {
  if (Buffer.byteLength(text) > DOCUMENT_BYTES_MAX) {
    throw new PraxisError<PolicyErrorCode>(
      'POLICY_TOO_LARGE',
      `a policy may have ${DOCUMENT_BYTES_MAX} bytes`,
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
    schema: 'core',
  });
  const source = { file, lines, document };
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    throw invalid(
      problems
        .slice(0, FAULTS_MAX)
        .map((problem) => faultAtPosition(source, problem.pos[0], problem.code, problem.message)),
    );
  }
  return source;
}

function plainValue(source: Source): unknown {
  try {
    return source.document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown;
  } catch (error) {
    throw invalid([faultAtPosition(source, 0, 'POLICY_FIELD_INVALID', errorMessage(error))]);
  }
}

/** What only shows when the rules are compiled, and names that are used twice. */
function documentFaults(document: PolicyDocument): CompileFault[] {
  const faults: CompileFault[] = [
    ...compilePolicy(document, { home: '/home/user', cwd: '/srv/agent' }).faults,
  ];
  const names = new Set<string>();
  for (const [index, rule] of document.rules.entries()) {
    if (names.has(rule.name)) {
      faults.push({
        path: ['rules', index, 'name'],
        code: 'RULE_NAME_DUPLICATE',
        offset: 0,
        message: `the name \`${rule.name}\` is used twice`,
      });
    }
    names.add(rule.name);
  }
  return faults;
}

function pathPart(part: PropertyKey): string | number {
  return typeof part === 'symbol' ? String(part) : part;
}

function faultAt(source: Source, path: Path, code: string, message: string, offset: number): PolicyFault {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? source.document.contents : source.document.getIn(path.slice(0, length), true);
    if (!isNode(node) || !node.range) continue;
    const isQuoted = isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE');
    const inner = length === path.length ? offset + (isQuoted ? 1 : 0) : 0;
    return faultAtPosition(source, node.range[0] + inner, code, message);
  }
  return faultAtPosition(source, 0, code, message);
}

function faultAtPosition(source: Source, position: number, code: string, message: string): PolicyFault {
  const { line, col } = source.lines.linePos(position);
  return { code, message, file: source.file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

function invalid(faults: readonly PolicyFault[]): PraxisError<PolicyErrorCode> {
  const [first] = faults;
  const place = first === undefined ? '' : `${first.file}:${first.line}:${first.column}: ${first.message}`;
  return new PraxisError<PolicyErrorCode>('POLICY_INVALID', place, { fields: { faults } });
}
