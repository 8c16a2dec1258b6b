import type { Tier } from '@praxis/core';
import { tierOfEach, WINDOWS } from '../windows/windows-table.ts';

/** What a program of Windows does by its verb and its flags. */
export interface NativeEntry {
  /** Without arguments. */
  readonly bare: Tier;
  /** With a verb or form that is in no list. */
  readonly other: Tier;
  /** By the first words (one or two) or the first flag, in lower case. */
  readonly verbs: ReadonlyMap<string, Tier>;
  /** Arguments that raise the tier wherever they stand. */
  readonly raises: ReadonlyMap<string, Tier>;
  /** Arguments that make it a report wherever they stand. */
  readonly reports: ReadonlySet<string>;
}

/** The programs of Windows that are judged by their verb and flags alone. */
export const NATIVE_TABLE: ReadonlyMap<string, NativeEntry> = new Map(
  Object.entries(WINDOWS.programs).map(([name, { bare, other, verbs, raises, reports }]) => [
    name,
    {
      bare,
      other,
      verbs: tierOfEach(verbs ?? {}),
      raises: tierOfEach(raises ?? {}),
      reports: new Set(reports ?? []),
    },
  ]),
);

/**
 * Programs that are the same on every system: their own tables judge them, reached as a bash command of quoted words.
 */
export const PORTABLE_PROGRAMS: ReadonlySet<string> = new Set(WINDOWS.portable);
