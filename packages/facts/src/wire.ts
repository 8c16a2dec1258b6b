import { formatInstant, type Instant, type Json, parseInstant, PraxisError } from '@praxis/core';
import { z } from 'zod';

import { FactError } from './errors.ts';
import { FACT_TYPES, type Fact } from './model.ts';
import type { EndFact, EndResult, FactQuery, PutFact, PutResult } from './store.ts';

/** One line of `praxis facts apply --jsonl`, checked. */
export type WireOperation = { op: 'put'; fact: PutFact } | { op: 'end'; end: EndFact };

const optional = <S extends z.ZodType>(schema: S): z.ZodOptional<z.ZodNullable<S>> =>
  schema.nullable().optional();
const text = z.string();
const factType = z.enum(FACT_TYPES as [string, ...string[]]);

const operationSchema = z.strictObject({
  op: z.enum(['put', 'end']),
  subject: text,
  predicate: text,
  fact_type: optional(factType),
  value: z.unknown().optional(),
  value_key: optional(text),
  target: optional(text),
  valid_from: optional(text),
  valid_to: optional(text),
  expected: text.nullable().optional(),
  actor: text,
  reason: optional(text),
  source: optional(text),
  confidence: optional(z.number()),
  observed_at: optional(text),
  idempotency_key: optional(text),
});

const querySchema = z.strictObject({
  subject: optional(text),
  kind: optional(text),
  predicate: optional(text),
  fact_type: optional(factType),
  value_key: optional(text),
  target: optional(text),
  valid_at: optional(text),
  recorded_at: optional(text),
  limit: optional(z.number()),
  cursor: optional(text),
});

type WireOperationFields = z.infer<typeof operationSchema>;

/** Reads one operation. Throws `FACT_INVALID`. */
export function parseOperation(line: unknown): WireOperation {
  const fields = parse(operationSchema, line, 'FACT_INVALID');
  const shared = {
    subject: fields.subject,
    predicate: fields.predicate,
    actor: fields.actor,
    reason: fields.reason ?? '',
    ...given('factType', fields.fact_type as PutFact['factType'] | null),
    ...given('valueKey', fields.value_key),
    ...given('validFrom', instantOf('valid_from', fields.valid_from)),
    ...given(
      'validTo',
      fields.valid_to === 'infinity' ? ('infinity' as const) : instantOf('valid_to', fields.valid_to),
    ),
    ...(fields.expected === undefined ? {} : { expected: fields.expected }),
    ...given('idempotencyKey', fields.idempotency_key),
  };
  return fields.op === 'put'
    ? { op: 'put', fact: { ...shared, ...putFields(fields) } }
    : { op: 'end', end: endOf(fields, shared) };
}

function putFields(fields: WireOperationFields): Pick<PutFact, 'value'> & Partial<PutFact> {
  return {
    value: fields.value as Json,
    ...given('target', fields.target),
    ...given('source', fields.source),
    ...given('confidence', fields.confidence),
    ...given('observedAt', instantOf('observed_at', fields.observed_at)),
  };
}

function endOf(fields: WireOperationFields, end: EndFact): EndFact {
  for (const name of ['value', 'target', 'source', 'confidence', 'observed_at'] as const) {
    if (fields[name] !== undefined && fields[name] !== null) {
      throw new FactError('FACT_INVALID', `an end has no \`${name}\``, { fields: { field: name } });
    }
  }
  return end;
}

/** Reads one query. Throws `FACT_QUERY_INVALID`. */
export function parseQuery(line: unknown): FactQuery {
  const fields = parse(querySchema, line, 'FACT_QUERY_INVALID');
  return {
    ...given('subject', fields.subject),
    ...given('kind', fields.kind),
    ...given('predicate', fields.predicate),
    ...given('factType', fields.fact_type as FactQuery['factType'] | null),
    ...given('valueKey', fields.value_key),
    ...given('target', fields.target),
    ...given('validAt', instantOf('valid_at', fields.valid_at, 'FACT_QUERY_INVALID')),
    ...given('recordedAt', instantOf('recorded_at', fields.recorded_at, 'FACT_QUERY_INVALID')),
    ...given('limit', fields.limit),
    ...given('cursor', fields.cursor),
  };
}

/** The answer to an operation, in wire names. */
export function wireResult(result: PutResult | EndResult): Record<string, unknown> {
  return {
    recorded_at: formatInstant(result.recordedAt),
    content_hash: result.contentHash,
    changed: result.changed,
  };
}

/** A fact in wire names, whole. */
export function wireFact(fact: Fact): Record<string, unknown> {
  const orNull = (instant: Instant | null): string | null =>
    instant === null ? null : formatInstant(instant);
  return {
    fact_id: fact.factId,
    subject: fact.subject,
    predicate: fact.predicate,
    fact_type: fact.factType,
    value_key: fact.valueKey,
    target: fact.target,
    value: fact.value,
    valid_from: formatInstant(fact.validFrom),
    valid_to: orNull(fact.validTo),
    recorded_at: formatInstant(fact.recordedAt),
    superseded_at: orNull(fact.supersededAt),
    actor: fact.actor,
    reason: fact.reason,
    superseded_actor: fact.supersededActor,
    superseded_reason: fact.supersededReason,
    source: fact.source,
    confidence: fact.confidence,
    classification: fact.classification,
    content_hash: fact.contentHash,
    last_observed_at: formatInstant(fact.lastObservedAt),
    observation_count: fact.observationCount,
  };
}

function parse<S extends z.ZodType>(
  schema: S,
  line: unknown,
  code: 'FACT_INVALID' | 'FACT_QUERY_INVALID',
): z.infer<S> {
  const parsed = schema.safeParse(line);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [...(issue?.path ?? []), ...unknown].join('.');
  const named = field === '' ? 'the line' : `\`${field.slice(0, 64)}\``;
  throw new FactError(code, `${named}: ${issue?.message ?? 'is invalid'}`.slice(0, 512), {
    fields: { field },
  });
}

function instantOf(
  field: string,
  value: string | null | undefined,
  code: 'FACT_INVALID' | 'FACT_QUERY_INVALID' = 'FACT_INVALID',
): Instant | undefined {
  if (value === undefined || value === null) return undefined;
  try {
    return parseInstant(value);
  } catch (error) {
    if (!(error instanceof PraxisError)) throw error;
    throw new FactError(code, `\`${field}\`: ${error.message}`, {
      cause: error,
      fields: { field },
    });
  }
}

/** An object with one member, or with none when the value is absent. */
function given<N extends string, V>(name: N, value: V | null | undefined): { [K in N]?: V } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { [K in N]?: V });
}
