import * as unbash from 'unbash';
import type { ParsedShell, Script } from './ast.ts';
import { type Conversion, DEPTH_MAX, fault, INPUT_BYTES_MAX } from './conversion.ts';
import { convertStatements } from './convert-node.ts';

/**
 * Reads bash source into our tree. Never throws: what cannot be read in full is reported in `faults`,
 * which the classifier turns into `T3`.
 */
export function parseShell(source: string): ParsedShell {
  const conversion: Conversion = { source, faults: [], nodes: 0, depth: 0, span: null, convertScript };
  if (source.length > INPUT_BYTES_MAX || Buffer.byteLength(source) > INPUT_BYTES_MAX) {
    fault(conversion, 'input-too-long', 'the command is too long to be read', 0);
    return { script: emptyScript(source), faults: conversion.faults };
  }
  const nul = source.indexOf('\0');
  if (nul >= 0) fault(conversion, 'nul-byte', 'the command contains a NUL byte', nul);
  try {
    const script = convertScript(unbash.parse(source), conversion);
    return { script, faults: conversion.faults };
  } catch (error) {
    // Fail closed: whatever the parser or the converter trips over must not pass for harmless.
    fault(conversion, 'parser-failure', error instanceof Error ? error.name : 'unknown failure', 0);
    return { script: emptyScript(source), faults: conversion.faults };
  }
}

/** Converts one script with its own errors; used again for every substitution. */
function convertScript(script: unbash.ParsedScript | undefined, conversion: Conversion): Script {
  const { source } = conversion;
  if (script === undefined) {
    fault(conversion, 'unhandled-node', 'a substitution could not be read', 0);
    return emptyScript(source);
  }
  for (const error of script.errors ?? []) fault(conversion, 'syntax-error', error.message, error.pos);
  if (conversion.depth >= DEPTH_MAX) {
    fault(conversion, 'too-deep', 'the command is nested too deeply', script.pos);
    return emptyScript(source);
  }
  conversion.depth++;
  const body = convertStatements(script.commands, script, conversion);
  conversion.depth--;
  return { source, body };
}

function emptyScript(source: string): Script {
  return { source, body: { kind: 'sequence', items: [], start: 0, end: source.length } };
}
