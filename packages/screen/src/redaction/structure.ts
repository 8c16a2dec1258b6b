import { argvRedactions } from './argv.ts';
import { looksLikeCredential } from './entropy.ts';
import { isQuantity, isSwitch, isWorkingDirectory, keySensitivity, type Sensitivity } from './key-names.ts';
import { CYCLE, isMarker, REDACTED, TOO_DEEP, TRUNCATED, UNREADABLE } from './marker.ts';
import { isNameKey, isSecretType, isValueKey } from './pair-keys.ts';
import { PemLines } from './pem-lines.ts';
import { readEntries, toPlain, type Entry } from './plain.ts';
import { isHeaderName } from './text-key.ts';

/** Values nested deeper than this many containers become the marker `[TOO DEEP]`. */
export const DEPTH_MAX = 32;

/** Of one value no more than this many nodes are copied; the rest becomes the marker `[TRUNCATED]`. */
export const NODES_MAX = 1_000_000;

/** Of all strings of one value together no more than this many UTF-16 code units are read; the rest is dropped. */
export const TOTAL_CHARS_MAX = 33_554_432;

interface Walk {
  readonly redactText: (text: string) => string;
  readonly enclosing: Set<object>;
  nodes: number;
  chars: number;
}

/** A redacted JSON-safe copy of any value. Never throws, never runs for longer than its bounds allow. */
export function redactStructure(value: unknown, redactText: (text: string) => string): unknown {
  const walk: Walk = { redactText, enclosing: new Set(), nodes: 0, chars: 0 };
  return redactNode(value, 'none', 0, walk);
}

function redactNode(value: unknown, sensitivity: Sensitivity, depth: number, walk: Walk): unknown {
  if (isMarker(value)) return value;
  if (walk.nodes >= NODES_MAX) return TRUNCATED;
  walk.nodes += 1;
  const plain = toPlain(value);
  if (plain === null || typeof plain === 'boolean') return plain;
  if (typeof plain === 'number') return dropsNumber(plain, sensitivity) ? REDACTED : plain;
  if (typeof plain === 'string') return redactLeaf(plain, sensitivity, walk);
  if (depth >= DEPTH_MAX) return TOO_DEEP;
  if (walk.enclosing.has(plain.source)) return CYCLE;
  walk.enclosing.add(plain.source);
  const copy = plain.isList
    ? redactList(plain.read(), sensitivity, depth, walk)
    : redactRecord(readEntries(plain), sensitivity, depth, walk);
  walk.enclosing.delete(plain.source);
  return copy;
}

function dropsNumber(value: number, sensitivity: Sensitivity): boolean {
  if (sensitivity === 'pin') return /^\d{4,8}$/.test(String(value));
  return sensitivity === 'secret';
}

function redactLeaf(text: string, sensitivity: Sensitivity, walk: Walk): string {
  if (isMarker(text) || text === '') return text;
  walk.chars += text.length;
  if (walk.chars > TOTAL_CHARS_MAX) return TRUNCATED;
  switch (sensitivity) {
    case 'secret':
      return REDACTED;
    case 'quantity':
      return isQuantity(text) ? text : REDACTED;
    case 'weak':
      return looksLikeCredential(text, 12) ? keepSurroundings(text, walk) : walk.redactText(text);
    case 'pin':
      return /^\d{4,8}$/.test(text) ? REDACTED : walk.redactText(text);
    case 'dsn':
      return /[=@]|:\/\//.test(text) || isSwitch(text) ? walk.redactText(text) : REDACTED;
    case 'none':
      return walk.redactText(text);
  }
}

// A URL or a list of assignments under a weak name keeps what is not secret in it.
function keepSurroundings(text: string, walk: Walk): string {
  const redacted = walk.redactText(text);
  return redacted === text ? REDACTED : redacted;
}

function redactList(
  items: readonly unknown[] | null,
  inherited: Sensitivity,
  depth: number,
  walk: Walk,
): unknown {
  if (items === null) return UNREADABLE;
  const plan = inherited === 'none' ? argvRedactions(items) : null;
  const copy: unknown[] = [];
  const armour = new PemLines();
  for (let index = 0; index < items.length; index += 1) {
    if (walk.nodes >= NODES_MAX) {
      copy.push(TRUNCATED);
      break;
    }
    const item = items[index];
    const from = plan?.cuts.get(index);
    if (typeof item === 'string' && armour.holdsNext(item)) {
      copy.push(isMarker(item) ? item : REDACTED);
      continue;
    }
    if (from !== undefined && typeof item === 'string')
      copy.push(item.slice(0, from) + (isMarker(item) ? item : REDACTED));
    else copy.push(redactNode(item, plan?.sensitivities.get(index) ?? inherited, depth + 1, walk));
  }
  return copy;
}

function redactRecord(
  entries: readonly Entry[] | null,
  inherited: Sensitivity,
  depth: number,
  walk: Walk,
): unknown {
  if (entries === null) return UNREADABLE;
  const pair = inherited === 'none' ? pairSensitivity(entries) : NO_PAIR;
  const isSecretObject = entries.some(({ key, value }) => key === 'kind' && value === 'Secret');
  const copy: Record<string, unknown> = {};
  for (const { key, value } of entries) {
    if (walk.nodes >= NODES_MAX) {
      setOwn(copy, TRUNCATED, TRUNCATED);
      break;
    }
    let sensitivity = inherited === 'none' ? keySensitivity(key) : inherited;
    if (sensitivity === 'none' && key !== pair.namedBy && isValueKey(key)) sensitivity = pair.sensitivity;
    if (isSecretObject && (key === 'data' || key === 'stringData')) sensitivity = 'secret';
    if (typeof value === 'string' && inherited === 'none' && isWorkingDirectory(key, value))
      sensitivity = 'none';
    // A container under a merely suggestive name is judged by its own keys.
    const passed =
      sensitivity === 'secret' || sensitivity === 'quantity' || !isContainer(value) ? sensitivity : 'none';
    setOwn(copy, distinctKey(copy, redactKey(key, walk)), redactNode(value, passed, depth + 1, walk));
  }
  return copy;
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function redactKey(key: string, walk: Walk): string {
  walk.chars += key.length;
  if (walk.chars > TOTAL_CHARS_MAX) return TRUNCATED;
  return key.length < 8 ? key : walk.redactText(key);
}

// Two keys that are redacted to the same text stay two keys.
function distinctKey(copy: Record<string, unknown>, key: string): string {
  if (!Object.hasOwn(copy, key)) return key;
  let number = 2;
  while (Object.hasOwn(copy, `${key} (${number})`)) number += 1;
  return `${key} (${number})`;
}

// `__proto__` is an ordinary key of the copy, never its prototype.
function setOwn(copy: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(copy, key, { value, enumerable: true, writable: true, configurable: true });
}

// `/etc/passwd` names a file, where `/prod/db/password` names a secret.
const SYSTEM_PATH =
  /^(?:[a-z_]{1,32}=)?\/(?:bin|boot|dev|etc|home|lib|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)\//;

interface NamedPair {
  readonly sensitivity: Sensitivity;
  /** The key that holds the name, and so is not the value. */
  readonly namedBy: string;
}

const NO_PAIR: NamedPair = { sensitivity: 'none', namedBy: '' };

// What the name in a `{name, value}` record says about the value beside it.
function pairSensitivity(entries: readonly Entry[]): NamedPair {
  for (const { key, value } of entries) {
    if (typeof value !== 'string' || value.length > 256) continue;
    if (isSecretType(key, value)) return { sensitivity: 'secret', namedBy: key };
    if (!isNameKey(key) || SYSTEM_PATH.test(value)) continue;
    const sensitivity = isHeaderName(value) ? 'secret' : keySensitivity(value.replace(/^.*[/:=]/s, ''));
    if (sensitivity !== 'none') return { sensitivity, namedBy: key };
  }
  return NO_PAIR;
}
