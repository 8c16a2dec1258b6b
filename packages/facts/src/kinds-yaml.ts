import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';

import { FactError } from './errors.ts';
import type { EntityKind, PredicateSchema } from './kinds.ts';

/** The largest document of kinds, in UTF-16 code units. */
export const KINDS_YAML_LENGTH_MAX = 1_048_576;
/** The most aliases a document may use: more would be a bomb. */
const ALIASES_MAX = 100;

const NAME = /^[A-Za-z][\w.-]{0,63}$/;
const TYPES = [
  'any',
  'string',
  'integer',
  'number',
  'boolean',
  'object',
  'array',
  'instant',
  'address',
] as const;

const predicateDocument = z.strictObject({
  type: z.enum(TYPES).default('any'),
  enum: z
    .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .min(1)
    .optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  multi: z.boolean().default(false),
  required: z.boolean().default(false),
  edge: z.array(z.string().regex(NAME)).min(1).optional(),
});

const kindDocument = z.strictObject({
  description: z.string().default(''),
  open: z.boolean().default(true),
  predicates: z.record(z.string().min(1).max(512), predicateDocument).default({}),
});

const kindsDocument = z.strictObject({ kinds: z.record(z.string().regex(NAME), kindDocument) });

type PredicateDocument = z.infer<typeof predicateDocument>;

/**
 * Reads kinds from YAML (`docs/guide/facts.md` has the form). Throws `FACT_KIND_INVALID` with the
 * place in the message.
 */
export function parseKindsYaml(text: string): EntityKind[] {
  if (text.length > KINDS_YAML_LENGTH_MAX)
    throw invalid(`the document is longer than ${KINDS_YAML_LENGTH_MAX}`);
  const parsed = kindsDocument.safeParse(parseYaml(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is invalid'}`);
  }
  return Object.entries(parsed.data.kinds).map(([kind, document]) => ({
    kind,
    description: document.description,
    open: document.open,
    predicates: new Map(Object.entries(document.predicates).map(([name, one]) => [name, toSchema(one)])),
  }));
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: ALIASES_MAX, uniqueKeys: true });
  } catch (error) {
    if (error instanceof YAMLParseError || error instanceof ReferenceError) throw invalid(error.message);
    throw error;
  }
}

function toSchema(document: PredicateDocument): PredicateSchema {
  return {
    value: valueSchema(document),
    multiValued: document.multi,
    required: document.required,
    edgeTo: document.edge ?? null,
  };
}

function valueSchema(document: PredicateDocument): z.ZodType {
  if (document.enum !== undefined) return z.literal(document.enum);
  switch (document.type) {
    case 'string':
      return z.string();
    case 'integer':
      return bounded(z.int(), document);
    case 'number':
      return bounded(z.number(), document);
    case 'boolean':
      return z.boolean();
    case 'object':
      return z.record(z.string(), z.unknown());
    case 'array':
      return z.array(z.unknown());
    case 'instant':
      return z.iso.datetime({ offset: true });
    case 'address':
      return z.union([z.ipv4(), z.ipv6()]);
    case 'any':
      return z.unknown();
    default:
      throw invalid('a type is not known');
  }
}

function bounded(schema: z.ZodNumber, document: PredicateDocument): z.ZodNumber {
  const low = document.minimum === undefined ? schema : schema.min(document.minimum);
  return document.maximum === undefined ? low : low.max(document.maximum);
}

function invalid(message: string): FactError {
  return new FactError('FACT_KIND_INVALID', `kinds: ${message}`.slice(0, 1024));
}
