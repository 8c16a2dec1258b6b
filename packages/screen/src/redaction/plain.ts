import { OPAQUE, UNREADABLE } from './marker.ts';

/** One own enumerable property, already read. */
export interface Entry {
  readonly key: string;
  readonly value: unknown;
}

/** A container, not yet read: reading a hostile one may fail, and is then answered by null. */
export interface Container {
  readonly source: object;
  readonly isList: boolean;
  readonly read: () => readonly unknown[] | null;
}

// Bytes and code have no readable content; a `toJSON` answer is followed once, as JSON.stringify does.
/** The JSON view of a value: a scalar, or a container to be read. Never throws. */
export function toPlain(value: unknown): null | boolean | number | string | Container {
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'boolean':
    case 'string':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return OPAQUE;
    case 'object':
      return value === null ? null : contained(() => objectView(value), UNREADABLE);
  }
}

// A getter, a proxy trap or a `toJSON` is foreign code: whatever it throws becomes the fallback.
function contained<T>(run: () => T, fallback: T): T {
  try {
    return run();
  } catch {
    return fallback;
  }
}

function objectView(value: object): null | boolean | number | string | Container {
  if (Array.isArray(value)) return list(value, () => Array.from(value as unknown[]));
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return OPAQUE;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Map) return mapView(value);
  if (value instanceof Set) return list(value, () => [...(value as Set<unknown>)]);
  if (
    value instanceof String ||
    value instanceof Number ||
    value instanceof Boolean ||
    value instanceof BigInt
  ) {
    return toPlain(value.valueOf());
  }
  if (value instanceof RegExp) return String(value);
  const toJson: unknown = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJson === 'function') {
    const answer: unknown = (toJson as () => unknown).call(value);
    if (answer !== value) return viewOfAnswer(value, answer);
  }
  return { source: value, isList: false, read: () => null };
}

// The container of a `toJSON` answer keeps the identity of its owner, so that an answer naming its owner is a cycle.
function viewOfAnswer(owner: object, answer: unknown): null | boolean | number | string | Container {
  if (typeof answer !== 'object' || answer === null) return toPlain(answer);
  if (Array.isArray(answer)) return list(owner, () => Array.from(answer as unknown[]));
  return { source: owner, isList: false, read: () => entriesOf(answer) };
}

function list(source: object, items: () => unknown[]): Container {
  return { source, isList: true, read: () => contained<unknown[] | null>(items, null) };
}

function mapView(map: Map<unknown, unknown>): Container {
  if ([...map.keys()].every((key) => typeof key === 'string')) {
    return {
      source: map,
      isList: false,
      read: () => [...map].map(([key, value]) => ({ key: key as string, value })),
    };
  }
  return list(map, () => [...map].map(([key, value]) => [key, value]));
}

function entriesOf(value: object): Entry[] {
  const entries: Entry[] = [];
  if (value instanceof Error) {
    for (const key of ['name', 'message', 'stack', 'cause'] as const) {
      const part = contained<unknown>(() => value[key], UNREADABLE);
      if (part !== undefined) entries.push({ key, value: part });
    }
  }
  for (const key of Object.keys(value)) {
    const part = contained<unknown>(() => (value as Record<string, unknown>)[key], UNREADABLE);
    if (part !== undefined && !(value instanceof Error && key === 'cause'))
      entries.push({ key, value: part });
  }
  return entries;
}

/** The properties of a container that is no list, or null when it cannot be read. A getter that throws is marked. */
export function readEntries(container: Container): readonly Entry[] | null {
  return contained<readonly Entry[] | null>(
    () => (container.read() as Entry[] | null) ?? entriesOf(container.source),
    null,
  );
}
