import type * as unbash from 'unbash';
import type { Script, Span, SyntaxFault, SyntaxFaultCode } from './ast.ts';

/** Longest command that is read, in bytes of UTF-8. */
export const INPUT_BYTES_MAX = 16_384;
/** Deepest nesting of syntax nodes that is read. */
export const DEPTH_MAX = 64;
/** Most syntax nodes of one text that are read. */
export const NODES_MAX = 20_000;

/** What the converters share while they read one text. */
export interface Conversion {
  readonly source: string;
  readonly faults: SyntaxFault[];
  nodes: number;
  depth: number;
  /** Set where positions of the parser do not index the source (decoded backticks, expanded braces). */
  span: Span | null;
  /** Reads a substitution: given by the parser module, which stands above the converters. */
  readonly convertScript: (script: unbash.ParsedScript | undefined, conversion: Conversion) => Script;
}

export function spanOf(node: { readonly pos: number; readonly end: number }, conversion: Conversion): Span {
  return conversion.span ?? { start: node.pos, end: node.end };
}

export function fault(conversion: Conversion, code: SyntaxFaultCode, detail: string, at: number): void {
  const start = conversion.span?.start ?? at;
  conversion.faults.push({
    code,
    detail,
    start,
    end: conversion.span?.end ?? Math.min(at + 1, conversion.source.length),
  });
}

/** True when one more node may be read; records the fault otherwise. */
export function admit(conversion: Conversion, at: number): boolean {
  if (++conversion.nodes <= NODES_MAX) return true;
  if (conversion.nodes === NODES_MAX + 1)
    fault(conversion, 'too-many-nodes', 'the command has too many parts', at);
  return false;
}
