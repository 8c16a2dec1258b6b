import { stringify } from 'yaml';
import type { PolicyDocument, PolicyRule } from './policy-types.ts';

const DOCUMENT_KEYS = [
  '$schema',
  'version',
  'id',
  'revision',
  'description',
  'metadata',
  'ssrf_whitelist',
  'global_max_delegation_depth',
  'rules',
  'tests',
] as const satisfies readonly (keyof PolicyDocument)[];
const RULE_KEYS = [
  'name',
  'description',
  'effect',
  'principals',
  'actions',
  'resources',
  'required_labels',
  'max_delegation_depth',
  'conditions',
  'obligations',
  'inject_headers',
  'inject_env',
  'inject_headers_from_file',
  'inject_env_from_file',
] as const satisfies readonly (keyof PolicyRule)[];

/** The policy with its keys in the documented order and nothing that is undefined. */
export function orderPolicy(document: PolicyDocument): Record<string, unknown> {
  return pick({ ...document, rules: document.rules.map((rule) => pick(rule, RULE_KEYS)) }, DOCUMENT_KEYS);
}

/** Writes a policy as YAML in one canonical layout. Comments are not kept. */
export function formatPolicy(document: PolicyDocument): string {
  return stringify(orderPolicy(document), { lineWidth: 100, defaultStringType: 'PLAIN' });
}

function pick(source: object, keys: readonly string[]): Record<string, unknown> {
  const values = source as Record<string, unknown>;
  return Object.fromEntries(keys.filter((key) => values[key] !== undefined).map((key) => [key, values[key]]));
}
