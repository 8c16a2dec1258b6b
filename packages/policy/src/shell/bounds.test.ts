import { describe, expect, it } from 'vitest';
import { classifyTree, TREE_LINES_MAX } from './classified-tree.ts';
import { classify, REASONS_MAX } from './classify.ts';
import { DEPTH_MAX } from './conversion.ts';
import { DIRECTORIES_MAX, Environment } from './environment.ts';
import { expandUnsplit, expandWords, type ExpansionContext, FIELDS_MAX, VALUE_LENGTH_MAX } from './expand.ts';
import type { Word } from './ast.ts';
import { NODE_TEXT_MAX } from './verdict.ts';
import { ALTERNATIVES_MAX, literalValue, setValue } from './word.ts';

function word(text: string): Word {
  return { text, literal: text, parts: [], start: 0, end: text.length };
}

function joined(...texts: string[]): Word {
  const parts = texts.map((text) => ({ kind: 'literal' as const, text, quoted: true }));
  return { text: texts.join(''), literal: null, parts, start: 0, end: 1 };
}

const context: ExpansionContext = {
  environment: new Environment({ home: '/home/a', workspace: '/home/a/w' }),
  outputOf: () => null,
};

describe('the bounds of the classifier', () => {
  it('keeps a finite set up to its bound', () => {
    const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`);
    expect(setValue(texts(ALTERNATIVES_MAX), 0, 0, false).kind).toBe('set');
    expect(setValue(texts(ALTERNATIVES_MAX + 1), 0, 0, false).kind).toBe('unknown');
  });

  it('expands to so many arguments and makes one unknown of the rest', () => {
    const words = (count: number): Word[] => Array.from({ length: count }, () => word('a'));
    expect(expandWords(words(FIELDS_MAX), context).at(-1)?.kind).toBe('literal');
    expect(expandWords(words(FIELDS_MAX + 1), context).at(-1)?.kind).toBe('unknown');
  });

  it('knows a text up to its bound', () => {
    expect(expandUnsplit(joined('a'.repeat(VALUE_LENGTH_MAX - 1), 'b'), context).kind).toBe('literal');
    expect(expandUnsplit(joined('a'.repeat(VALUE_LENGTH_MAX), 'b'), context).kind).toBe('prefix');
  });

  it('remembers so many directories', () => {
    const environment = new Environment({ home: '/h', workspace: '/w' });
    for (let i = 0; i < DIRECTORIES_MAX + 1; i++) {
      const other = environment.fork();
      other.cwd = `/d${i}`;
      other.otherDirectories = [];
      environment.join(other);
      if (i < DIRECTORIES_MAX) expect(environment.otherDirectories).toHaveLength(i + 1);
    }
    expect(environment.otherDirectories).toEqual([null]);
  });

  it('joins what may have been assigned', () => {
    const environment = new Environment({ home: '/h', workspace: '/w' });
    const other = environment.fork();
    other.assign('x', literalValue('rm', 0, 0));
    environment.join(other);
    expect(environment.variables.get('x')).toMatchObject({ text: 'rm', isAssumed: true });
  });

  it('cuts long texts, reasons and trees', () => {
    expect(classify(`echo ${'a'.repeat(NODE_TEXT_MAX)}`).tree.text.length).toBe(NODE_TEXT_MAX + 1);
    expect(classify('ls;'.repeat(REASONS_MAX + 1)).reasons).toHaveLength(REASONS_MAX);
    expect(classifyTree(classify('ls;'.repeat(TREE_LINES_MAX)))).toHaveLength(TREE_LINES_MAX);
  });

  it('reads nesting up to its bound', () => {
    const nested = (depth: number): string =>
      '('.repeat(depth).replaceAll('(', '( ') + 'ls' + ' )'.repeat(depth);
    expect(classify(nested(DEPTH_MAX / 2 - 2)).tier).toBe('T0');
    expect(classify(nested(DEPTH_MAX)).tier).toBe('T3');
  });
});
