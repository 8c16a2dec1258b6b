import { parseSync } from 'oxc-parser';

/** What a test file declares. */
export interface DeclaredTests {
  /** The texts of `it(…)` and `test(…)`, templates as they are written. */
  readonly names: ReadonlySet<string>;
  /** Modifiers that keep a test from running, such as `it.skip`. */
  readonly disabled: readonly string[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

const TEST_FUNCTIONS = new Set(['it', 'test']);
const SUITE_FUNCTIONS = new Set(['describe', 'suite']);
// `skipIf` stays: a suite that needs sshd skips on a machine without one, and fails where it must be there.
const DISABLING = new Set(['skip', 'only', 'todo', 'fails']);

/** Finds the tests that a file declares, by parsing it. Throws when it does not parse. */
export function declaredTests(file: string, text: string): DeclaredTests {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file} does not parse`);
  const names = new Set<string>();
  const disabled: string[] = [];
  for (const call of callsIn(program)) {
    const chain = calleeChain(call['callee']);
    const [base] = chain;
    if (base === undefined || !(TEST_FUNCTIONS.has(base) || SUITE_FUNCTIONS.has(base))) continue;
    if (chain.some((part) => DISABLING.has(part))) disabled.push(chain.join('.'));
    if (TEST_FUNCTIONS.has(base)) addName(call, text, names);
  }
  return { names, disabled };
}

type Call = Node & Readonly<Record<string, unknown>>;

function addName(call: Call, text: string, names: Set<string>): void {
  const [first] = call['arguments'] as readonly Call[];
  if (first?.type === 'Literal' && typeof first['value'] === 'string') names.add(first['value']);
  if (first?.type === 'TemplateLiteral') names.add(text.slice(first.start + 1, first.end - 1));
}

/** `it.skip` and `it.each(table)` as the names they are made of: `['it', 'skip']`, `['it', 'each']`. */
function calleeChain(callee: unknown): string[] {
  if (!isNode(callee)) return [];
  if (callee.type === 'Identifier') return [String(callee['name'])];
  if (callee.type === 'CallExpression') return calleeChain(callee['callee']);
  if (callee.type === 'TaggedTemplateExpression') return calleeChain(callee['tag']);
  if (callee.type !== 'MemberExpression' || !isNode(callee['property'])) return [];
  return [...calleeChain(callee['object']), String(callee['property']['name'])];
}

function* callsIn(root: unknown): Generator<Call> {
  const queue: unknown[] = [root];
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    if (isNode(value) && value.type === 'CallExpression') yield value;
    if (typeof value === 'object' && value !== null)
      queue.push(...Object.values(value).filter((one) => typeof one === 'object' && one !== null));
  }
}

function isNode(value: unknown): value is Call {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
