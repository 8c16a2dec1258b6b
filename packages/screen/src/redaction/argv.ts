import { commandSecrets } from './command-flags.ts';
import { keySensitivity, type Sensitivity } from './key-names.ts';
import type { ShellWord } from './shell-words.ts';
import { isHeaderName } from './text-key.ts';

/** What the neighbours in a list say about its strings. */
export interface ListPlan {
  /** Strings to be cut at a position, by index: what follows is secret. */
  readonly cuts: ReadonlyMap<number, number>;
  /** Items whose neighbour names them, by index. */
  readonly sensitivities: ReadonlyMap<number, Sensitivity>;
}

/** Reads a list as a split command line, as a `[name, value]` tuple, or as a flat list of names and values. */
export function argvRedactions(items: readonly unknown[]): ListPlan {
  const cuts = new Map<number, number>();
  const sensitivities = new Map<number, Sensitivity>();
  if (items.length < 2) return { cuts, sensitivities };
  const words = items.map(asWord);
  for (const { word, from } of commandSecrets(words)) {
    const item = items[word];
    if (typeof item === 'string' && item.length > from) cuts.set(word, from);
    else sensitivities.set(word, 'secret');
  }
  if (items.length % 2 === 0) nameValueItems(items, sensitivities);
  return { cuts, sensitivities };
}

// What is no string takes its place as an empty word, except a number, which can be a value.
function asWord(item: unknown, index: number): ShellWord {
  const value = typeof item === 'string' ? item : typeof item === 'number' ? String(item) : '';
  return { value, start: 0, end: value.length, startsCommand: index === 0 };
}

const NAME = /^[A-Za-z_][\w.:-]{0,127}$/;

/** Names of fields: in a list of names the neighbour of `password` is one of these, not its value. */
const FIELD_NAMES: ReadonlySet<string> = new Set(
  'id name user username email login phone address title type role roles status created updated first_name last_name firstname lastname age group groups url host port value key label description read write update delete list get string number boolean optional required'.split(
    ' ',
  ),
);

function nameValueItems(items: readonly unknown[], sensitivities: Map<number, Sensitivity>): void {
  if (
    items.length > 2 &&
    !items.every((item, index) => index % 2 === 1 || (typeof item === 'string' && NAME.test(item)))
  )
    return;
  for (let index = 0; index + 1 < items.length; index += 2) {
    const name = items[index];
    const value = items[index + 1];
    if (typeof name !== 'string' || !NAME.test(name)) continue;
    const sensitivity = isHeaderName(name) ? 'secret' : keySensitivity(name);
    if (sensitivity === 'none' || isFieldName(value)) continue;
    sensitivities.set(index + 1, sensitivity);
  }
}

function isFieldName(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (FIELD_NAMES.has(value.toLowerCase())) return true;
  return /^[A-Za-z_]+$/.test(value) && keySensitivity(value) === 'secret';
}
