import { PraxisError } from '@praxis/core';
import { z } from 'zod';
import type { PolicyErrorCode } from '../rules/errors.ts';
import type { PolicyCondition, PolicyDocument, PolicyRule } from './policy-types.ts';

/** The policy shapes of other tools that can be converted. */
export type ForeignShape = 'rules with `when`' | 'plain rules';

/** A converted policy, and what a person should look at before trusting it. */
export interface ImportedPolicy {
  readonly document: PolicyDocument;
  readonly notes: readonly string[];
}

const textOrList = z.union([z.string(), z.array(z.string())]);
const foreignRuleSchema = z.strictObject({
  id: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  effect: z.enum(['allow', 'deny']),
  action: textOrList,
  resource: textOrList.optional(),
  when: z.strictObject({ source: textOrList.optional(), tenant_id: textOrList.optional() }).optional(),
});
const foreignSchema = z.object({
  defaults: z.object({ effect: z.literal('deny').optional(), audit: z.boolean().optional() }).optional(),
  metadata: z.record(z.string(), z.json()).optional(),
  rules: z.array(foreignRuleSchema),
});

type ForeignRule = z.infer<typeof foreignRuleSchema>;

/** Says whether plain data has the shape of another tool's policy: rules with one `action` each and no principals. */
export function foreignShape(value: unknown): ForeignShape | null {
  const rules = Array.isArray(value) ? (value as unknown[]) : rulesOf(value);
  const [first] = rules;
  if (typeof first !== 'object' || first === null || !('action' in first) || 'actions' in first) return null;
  return rules.some((rule) => typeof rule === 'object' && rule !== null && ('when' in rule || 'id' in rule))
    ? 'rules with `when`'
    : 'plain rules';
}

/**
 * Converts another tool's policy. An allow for a source asks for the label `source:X`; a deny for one becomes a condition.
 * A deny of everything that stands after allows only restates the default there, and would forbid all of it here, where any
 * deny wins: it is left out, with a note. Throws `POLICY_INVALID`.
 */
export function importPolicy(value: unknown): ImportedPolicy {
  const parsed = foreignSchema.safeParse(Array.isArray(value) ? { rules: value as unknown[] } : value);
  if (!parsed.success) {
    throw new PraxisError<PolicyErrorCode>('POLICY_INVALID', 'not a policy that can be converted', {
      cause: parsed.error,
    });
  }
  const notes: string[] = [];
  const rules: PolicyRule[] = [];
  for (const [index, rule] of parsed.data.rules.entries()) {
    const name = uniqueName(rule.id ?? rule.name ?? `rule-${index + 1}`, rules);
    if (isRestatedDefault(rule, rules))
      notes.push(`left out \`${name}\`: it denies what is denied by default`);
    else {
      if (rule.effect === 'deny' && rules.some((earlier) => earlier.effect === 'allow')) {
        notes.push(`\`${name}\` stood after allows and now wins over them: check that this is meant`);
      }
      // The origin of a request travels as the label `source:X`; each origin gets a rule of its own.
      const sources = rule.when?.source === undefined ? [null] : listOf(rule.when.source);
      for (const source of sources) rules.push(convert(rule, source, uniqueName(name, rules)));
    }
  }
  const metadata = parsed.data.metadata === undefined ? {} : { metadata: parsed.data.metadata };
  return { document: { version: 1, ...metadata, rules }, notes };
}

function rulesOf(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null || !('rules' in value) || !Array.isArray(value.rules))
    return [];
  return value.rules as unknown[];
}

function uniqueName(wanted: string, rules: readonly PolicyRule[]): string {
  let name = wanted;
  for (let next = 2; rules.some((rule) => rule.name === name); next += 1) name = `${wanted}-${next}`;
  return name;
}

function isRestatedDefault(rule: ForeignRule, earlier: readonly PolicyRule[]): boolean {
  if (rule.effect !== 'deny' || rule.when !== undefined || !earlier.some((other) => other.effect === 'allow'))
    return false;
  return listOf(rule.resource ?? '*').every((resource) =>
    ['*', '**', '/**', '/*', '**/*', './**'].includes(resource),
  );
}

function convert(rule: ForeignRule, source: string | null, name: string): PolicyRule {
  const label = `source:${source ?? ''}`;
  const conditions: PolicyCondition[] = [];
  if (source !== null && rule.effect === 'deny')
    conditions.push({ field: 'labels', op: 'contains', value: label });
  if (rule.when?.tenant_id !== undefined) {
    conditions.push({ field: 'context.tenant_id', op: 'in', value: listOf(rule.when.tenant_id) });
  }
  return {
    name,
    ...(rule.description === undefined ? {} : { description: rule.description }),
    effect: rule.effect,
    principals: ['*'],
    actions: listOf(rule.action),
    resources: listOf(rule.resource ?? '*'),
    ...(source !== null && rule.effect === 'allow' ? { required_labels: [label] } : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
  };
}

function listOf(value: string | readonly string[]): string[] {
  return typeof value === 'string' ? [value] : [...value];
}
