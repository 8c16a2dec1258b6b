import type { Tier } from '@praxis/core';
import { tierOfEach, WINDOWS } from '../windows/windows-table.ts';

const { aliases, verbs, cmdlets, diskWipes, previewed, writers, switches } = WINDOWS.powershell;

/** Aliases every PowerShell starts with, and the cmdlets they stand for. */
export const ALIASES: ReadonlyMap<string, string> = new Map(
  Object.entries(aliases).flatMap(([cmdlet, names]) => names.map((name): [string, string] => [name, cmdlet])),
);

// A map, because a name out of a command may also name a member of every object.
const NAMES: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(aliases));

/** The aliases of a cmdlet. */
export function namesOfCmdlet(cmdlet: string): readonly string[] {
  return NAMES.get(cmdlet) ?? [];
}

/** What a cmdlet does by its verb, when nothing is known of its noun. */
export const VERBS: ReadonlyMap<string, Tier> = tierOfEach(verbs);

/** Cmdlets whose verb says too much or too little. */
export const CMDLETS: ReadonlyMap<string, Tier> = tierOfEach(cmdlets);

/** Cmdlets that destroy a disk or volume: refused. */
export const DISK_WIPES: ReadonlySet<string> = new Set(diskWipes);

/** Cmdlets that support `-WhatIf` and then change nothing. */
export const PREVIEWED: ReadonlySet<string> = new Set(previewed);

/** Cmdlets that are judged by the path they write to, and the parameter that names it. */
export const WRITERS: ReadonlyMap<
  string,
  { readonly parameters: readonly string[]; readonly position: number }
> = new Map(Object.entries(writers));

/** Parameters without a value, so that the word behind them is an operand. */
export const SWITCHES: readonly string[] = switches;
