import type { JsonObject } from '@praxis/core';
import { type TypedFact, TYPED_FACTS_MAX } from './telemetry.ts';

interface EntityRule {
  /** `kind` of the entity's subject: `kind:NAME@HOST`. */
  readonly kind: string;
  readonly name: (row: JsonObject) => string;
  /** Predicates of the entity and the columns they come from. */
  readonly columns: Readonly<Record<string, string>>;
}

const column = (row: JsonObject, name: string): string => {
  const value = row[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};

const byName = (row: JsonObject): string => column(row, 'name');

const PACKAGE: EntityRule = { kind: 'package', name: byName, columns: { version: 'version' } };

/** The tables whose rows are entities of their own. */
const ENTITY_RULES: Readonly<Record<string, EntityRule>> = {
  packages: PACKAGE,
  deb_packages: PACKAGE,
  rpm_packages: PACKAGE,
  users: {
    kind: 'identity',
    name: (row) => column(row, 'username'),
    columns: { uid: 'uid', shell: 'shell' },
  },
  services: { kind: 'service', name: byName, columns: { state: 'state' } },
  listening_ports: {
    kind: 'service',
    name: (row) => {
      const port = column(row, 'port');
      return port === '' || port === '0'
        ? ''
        : `${column(row, 'protocol')}/${column(row, 'address')}/${port}`;
    },
    columns: { listens: 'port' },
  },
  interface_addresses: {
    kind: 'interface',
    name: (row) => column(row, 'interface'),
    columns: { address: 'address' },
  },
  mounts: {
    kind: 'storage',
    name: (row) => column(row, 'path'),
    columns: { filesystem: 'type', device: 'device' },
  },
};

/** Predicates of which one entity may have several values at a time; the value is its own key. */
const MULTI_VALUED = new Set(['address']);

/**
 * Facts about the entities in a table (packages, identities, services, interfaces, storage), with the
 * host as a suffix of the subject. Empty for tables without entities; at most `TYPED_FACTS_MAX`.
 */
export function typedFromRows(
  subject: string,
  table: string,
  rows: readonly JsonObject[],
): readonly TypedFact[] {
  const rule = Object.hasOwn(ENTITY_RULES, table) ? ENTITY_RULES[table] : undefined;
  if (rule === undefined || !subject.startsWith('host:')) return [];
  const host = subject.slice('host:'.length);
  const facts = new Map<string, TypedFact>();
  for (const row of rows) {
    const name = rule.name(row);
    // A name no fact can have stays in the host's table; it must not make the store refuse the rest.
    if (!isPlainName(name)) continue;
    for (const [predicate, source] of Object.entries(rule.columns)) {
      const value = column(row, source);
      if (!isPlainName(value)) continue;
      if (facts.size >= TYPED_FACTS_MAX) return [...facts.values()];
      const entity = `${rule.kind}:${name}@${host}`;
      const multi = MULTI_VALUED.has(predicate);
      facts.set(JSON.stringify([entity, predicate, multi ? value : null]), {
        subject: entity,
        predicate,
        factType: 'observed',
        value,
        ...(multi ? { valueKey: value } : {}),
      });
    }
  }
  return [...facts.values()];
}

const NAME_LENGTH_MAX = 256;

/** True for a text a subject or value key may hold: no control character, not too long. */
export function isPlainName(text: string): boolean {
  if (text === '' || text.length > NAME_LENGTH_MAX || !text.isWellFormed()) return false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x7f) return false;
  }
  return true;
}
