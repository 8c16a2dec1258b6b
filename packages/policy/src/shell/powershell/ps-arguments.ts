import type { PsPart, PsWord } from './ps-item.ts';
import { SWITCHES } from './ps-table.ts';

/** Gives the text of parts, or null when it is not known. */
export type Resolve = (parts: readonly PsPart[]) => string | null;

/** The arguments of a cmdlet, parted into parameters and operands. */
export interface PsArguments {
  readonly parameters: readonly {
    readonly name: string;
    readonly value: string | null;
    readonly given: boolean;
  }[];
  readonly operands: readonly (string | null)[];
  readonly hasBlock: boolean;
  readonly hasSplat: boolean;
}

/** Parts the arguments; a parameter that is no switch takes the word behind it. */
export function readArguments(args: readonly PsWord[], resolve: Resolve): PsArguments {
  const parameters: { name: string; value: string | null; given: boolean }[] = [];
  const operands: (string | null)[] = [];
  let hasBlock = false;
  let hasSplat = false;
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index];
    if (word === undefined) continue;
    if (word.block) hasBlock = true;
    else if (word.parameter === null) {
      operands.push(resolve(word.parts));
      hasSplat ||= word.parts.length === 1 && word.parts[0] === null && !word.quoted;
    } else {
      const glued = gluedValue(word, resolve);
      const next = args[index + 1];
      const takes =
        glued === undefined && !isSwitch(word.parameter) && next !== undefined && next.parameter === null;
      if (takes) index += 1;
      if (takes && next.block) hasBlock = true;
      const value = glued === undefined ? (takes && !next.block ? resolve(next.parts) : null) : glued;
      parameters.push({ name: word.parameter, value, given: takes || glued !== undefined });
    }
  }
  return { parameters, operands, hasBlock, hasSplat };
}

/** The value in `-Name:value`; undefined when there is none. */
function gluedValue(word: PsWord, resolve: Resolve): string | null | undefined {
  const first = word.parts[0];
  const colon = typeof first === 'string' ? first.indexOf(':') : -1;
  if (typeof first !== 'string' || colon < 0) return undefined;
  return resolve([first.slice(colon + 1), ...word.parts.slice(1)]);
}

function isSwitch(name: string): boolean {
  return SWITCHES.some((known) => known.startsWith(name)) || name === 'wi' || name === 'cf' || name === 'vb';
}

/** True when the switch may be on: any beginning of its name counts, and a value that is not known counts as true. */
export function maybeSwitch(args: PsArguments, full: string): boolean {
  return args.parameters.some(
    ({ name, value, given }) => full.startsWith(name) && !(given && value?.toLowerCase() === '$false'),
  );
}

/** True when `-WhatIf` is surely on. */
export function surelyPreview(args: PsArguments): boolean {
  return args.parameters.some(({ name, value, given }) => {
    const named = name === 'wi' || (name.length > 1 && 'whatif'.startsWith(name));
    return named && (!given || value?.toLowerCase() === '$true');
  });
}

/** Values given for a parameter by any beginning of its name. */
export function valuesOf(args: PsArguments, full: string): readonly (string | null)[] {
  return args.parameters
    .filter(({ name, given }) => given && full.startsWith(name))
    .map(({ value }) => value);
}
