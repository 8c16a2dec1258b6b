import { z } from 'zod';
import type { PolicyDocument, PolicyRequest } from './policy-types.ts';

/** Most rules of one document. */
export const RULES_MAX = 100_000;
const NAME_LENGTH_MAX = 256;
const TEXT_LENGTH_MAX = 4096;
const LIST_LENGTH_MAX = 1000;

const name = z.string().min(1).max(NAME_LENGTH_MAX);
const patterns = z.array(z.string()).max(LIST_LENGTH_MAX);
const templates = z.record(z.string().min(1).max(NAME_LENGTH_MAX), z.string().max(TEXT_LENGTH_MAX));
const jsonObject = z.record(z.string(), z.json());
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const clock = z.string().regex(/^(?:[01][0-9]|2[0-4]):[0-5][0-9]$/);
const field = z.string().regex(/^(?:context|args|labels|principal|action|resource)(?:\.[^.\s]+)*$/);

const comparisonSchema = z.discriminatedUnion('op', [
  z.strictObject({ field, op: z.enum(['eq', 'ne']), value: scalar }),
  z.strictObject({ field, op: z.enum(['lt', 'lte', 'gt', 'gte']), value: z.number() }),
  z.strictObject({ field, op: z.enum(['in', 'not_in']), value: z.array(scalar).max(LIST_LENGTH_MAX) }),
  z.strictObject({ field, op: z.enum(['contains', 'lacks']), value: scalar }),
  z.strictObject({ field, op: z.enum(['matches', 'matches_not']), value: z.string() }),
  z.strictObject({ field, op: z.literal('exists'), value: z.boolean() }),
]);

const timeConditionSchema = z.strictObject({
  time: z.strictObject({
    days: z
      .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
      .min(1)
      .optional(),
    from: clock.optional(),
    to: clock.optional(),
    timezone: z.string().max(64).optional(),
  }),
});

const rateConditionSchema = z.strictObject({
  rate: z.strictObject({ max: z.int().min(1).max(1_000_000), per_seconds: z.int().min(1).max(86_400) }),
});

const conditionSchema = z.union([comparisonSchema, timeConditionSchema, rateConditionSchema]);

const obligationsSchema = z.strictObject({
  require_approval: z.boolean().optional(),
  redact: z.array(z.string().max(NAME_LENGTH_MAX)).max(LIST_LENGTH_MAX).optional(),
  log_only: z.boolean().optional(),
});

const ruleSchema = z.strictObject({
  name,
  description: z.string().max(TEXT_LENGTH_MAX).optional(),
  effect: z.enum(['allow', 'deny']),
  principals: patterns,
  actions: patterns,
  resources: patterns,
  required_labels: z.array(z.string()).max(LIST_LENGTH_MAX).optional(),
  max_delegation_depth: z.int().min(0).optional(),
  conditions: z.array(conditionSchema).max(LIST_LENGTH_MAX).optional(),
  obligations: obligationsSchema.optional(),
  inject_headers: templates.optional(),
  inject_env: templates.optional(),
  inject_headers_from_file: templates.optional(),
  inject_env_from_file: templates.optional(),
});

const requestSchema = z.object({
  principal: z.string(),
  action: z.string(),
  resource: z.string(),
  labels: z.array(z.string()).optional(),
  context: jsonObject.optional(),
  args: jsonObject.optional(),
  delegation_depth: z.int().min(0).optional(),
});

/** A request for a decision; unknown fields are dropped. */
export const policyRequestSchema: z.ZodType<PolicyRequest> = requestSchema;

const policyTestSchema = z.strictObject({
  name,
  request: requestSchema.strict(),
  env: z.strictObject({ home: z.string(), cwd: z.string() }).optional(),
  at: z.iso.datetime().optional(),
  expect: z.strictObject({
    allowed: z.boolean(),
    reason: z.string().optional(),
    rule: z.string().nullable().optional(),
    missing_labels: z.array(z.string()).optional(),
    require_approval: z.boolean().optional(),
  }),
});

/** A policy document. `revision` only ever grows; `tests` are run by `praxis policy test`. */
export const policyDocumentSchema: z.ZodType<PolicyDocument> = z.strictObject({
  $schema: z.string().optional(),
  version: z.literal(1).optional(),
  id: name.optional(),
  revision: z.int().min(0).optional(),
  description: z.string().max(TEXT_LENGTH_MAX).optional(),
  metadata: jsonObject.optional(),
  ssrf_whitelist: z.array(z.string()).max(LIST_LENGTH_MAX).optional(),
  global_max_delegation_depth: z.int().min(0).optional(),
  rules: z.array(ruleSchema).max(RULES_MAX),
  tests: z.array(policyTestSchema).max(RULES_MAX).optional(),
});
