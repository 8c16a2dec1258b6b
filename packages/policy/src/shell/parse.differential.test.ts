import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { Language, type Node as TreeNode, Parser } from 'web-tree-sitter';
import type { Node, Script, Word, WordPart } from './ast.ts';
import { parseShell } from './parse.ts';

const VECTORS = new URL('../../../../vectors/', import.meta.url);

const COMMANDS: readonly string[] = ['classify.jsonl', 'classify-more.jsonl']
  .flatMap((file) => readFileSync(new URL(file, VECTORS), 'utf8').split('\n'))
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as { cmd: string; shell?: string })
  .filter((vector) => vector.shell === undefined)
  .map((vector) => vector.cmd);

/** Where a simple command starts in the source, for every one of the tree. */
function startsOf(node: Node, into: Set<number>): void {
  switch (node.kind) {
    case 'simple':
      for (const word of node.words) wordStarts(word, into);
      for (const { target } of node.redirections) if (target !== null) wordStarts(target, into);
      for (const assignment of node.assignments) {
        for (const word of [assignment.value, assignment.index, ...(assignment.items ?? [])])
          if (word !== null) wordStarts(word, into);
      }
      if (node.words[0] !== undefined) into.add(node.words[0].start);
      return;
    case 'pipeline':
      for (const stage of node.stages) startsOf(stage, into);
      return;
    case 'sequence':
    case 'and-or':
      for (const item of node.items) startsOf(item, into);
      return;
    case 'if':
    case 'case':
      for (const word of node.words) wordStarts(word, into);
      for (const arm of node.arms) for (const item of arm) startsOf(item, into);
      return;
    case 'for':
    case 'while':
    case 'select':
      for (const word of node.words ?? []) wordStarts(word, into);
      if (node.condition !== null) startsOf(node.condition, into);
      startsOf(node.body, into);
      return;
    case 'test':
      for (const word of node.words) wordStarts(word, into);
      return;
    case 'redirected':
      for (const { target } of node.redirections) if (target !== null) wordStarts(target, into);
      startsOf(node.body, into);
      return;
    default:
      startsOf(node.body, into);
  }
}

function wordStarts(word: Word, into: Set<number>): void {
  partStarts(word.parts, into);
}

function partStarts(parts: readonly WordPart[], into: Set<number>): void {
  for (const part of parts) {
    if (part.kind === 'command' || part.kind === 'process') scriptStarts(part.script, into);
    else if (part.kind === 'arithmetic') for (const script of part.scripts) scriptStarts(script, into);
    else if (part.kind === 'parameter') for (const operand of part.operands) wordStarts(operand, into);
  }
}

function scriptStarts(script: Script, into: Set<number>): void {
  startsOf(script.body, into);
}

/** Where tree-sitter sees command names. */
function treeStarts(root: TreeNode): number[] {
  const starts: number[] = [];
  const walk = (node: TreeNode): void => {
    if (node.type === 'command_name') starts.push(node.startIndex);
    for (const child of node.namedChildren) if (child !== null) walk(child);
  };
  walk(root);
  return starts;
}

/** tree-sitter takes these keywords for commands, and we read expanded braces anew. */
function differsKnowingly(command: string): boolean {
  return /^(?:time|coproc)\b|\{[^}]*\$\(|`|<<-/.test(command);
}

describe('parseShell against tree-sitter-bash', () => {
  const parser: { current: Parser | null } = { current: null };

  beforeAll(async () => {
    await Parser.init();
    const wasm = createRequire(import.meta.url).resolve('tree-sitter-bash/tree-sitter-bash.wasm');
    parser.current = new Parser();
    parser.current.setLanguage(await Language.load(wasm));
  });

  it('sees every command that tree-sitter sees, or reports a fault', () => {
    let compared = 0;
    const missed: string[] = [];
    for (const command of COMMANDS) {
      const tree = parser.current?.parse(command);
      const { script, faults } = parseShell(command);
      if (tree === null || tree === undefined || tree.rootNode.hasError || faults.length > 0) continue;
      if (differsKnowingly(command)) continue;
      const ours = new Set<number>();
      scriptStarts(script, ours);
      compared++;
      for (const start of treeStarts(tree.rootNode)) {
        if (!ours.has(start)) missed.push(`${command} @${start}`);
      }
    }
    expect(compared).toBeGreaterThan(2_000);
    expect(missed).toEqual([]);
  });
});

describe('parseShell against bash', () => {
  it('accepts nothing that bash -n refuses, but for what only fails when it runs', () => {
    const broken = [
      'if true; then',
      'rm -rf x && (',
      'ls ;; rm',
      'for i in; done',
      'case x in a) ls',
      'echo "unterminated',
      "echo 'unterminated",
      'echo $(ls',
      'echo `ls',
      '{ ls',
      '( ls',
      'ls |',
      'ls &&',
      '| ls',
      '&& ls',
      'ls >',
      'f() {',
      'while true; do',
      'then ls',
      'fi',
      'done',
      'ls )',
      '}',
      'a=(1 2',
    ];
    for (const text of broken) {
      expect(spawnSync('bash', ['-n', '-c', text], { timeout: 5_000 }).status, text).not.toBe(0);
      expect(parseShell(text).faults, text).not.toEqual([]);
    }
  });

  it('reads without fault what bash -n accepts', () => {
    const sample = COMMANDS.filter((_, i) => i % 12 === 0);
    const refused: string[] = [];
    for (const text of sample) {
      const isAccepted =
        spawnSync('bash', ['--noprofile', '--norc', '-n', '-c', text], { timeout: 5_000 }).status === 0;
      if (isAccepted && parseShell(text).faults.length > 0) refused.push(text);
    }
    expect(sample.length).toBeGreaterThan(150);
    expect(refused).toEqual([]);
  });
});
