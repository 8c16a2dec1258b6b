import type { Json, JsonObject } from '@praxis/core';
import { isJsonObject } from '@praxis/core';

/** What one difference calls for: a command, or a person's judgement. */
export type Proposal =
  | {
      readonly argv: readonly string[];
      readonly rationale: string;
      /** True when `undo` (or doing nothing) brings the state back without loss. */
      readonly reversible: boolean;
      readonly undo?: readonly string[];
    }
  | { readonly needsPerson: string };

/** What the rules for one table say about each way a row can differ. */
export interface ConvergenceRule {
  readonly added?: (row: JsonObject) => readonly Proposal[];
  readonly removed?: (row: JsonObject) => readonly Proposal[];
  readonly changed?: (before: JsonObject, after: JsonObject) => readonly Proposal[];
}

/** A column as text, or undefined when it is not text. */
export function textColumn(row: JsonObject, column: string): string | undefined {
  const value = row[column];
  return typeof value === 'string' ? value : undefined;
}

/** A hostile or odd name never gets into a command. */
export function oddName(what: string): Proposal {
  return { needsPerson: `the ${what} has a name outside the strict character set; look at it by hand` };
}

export function asRow(value: Json): JsonObject {
  return isJsonObject(value) ? value : {};
}
