import { type Fact, wireFact } from '@praxis/facts';
import { redact } from '@praxis/screen';
import { z } from 'zod';

const instant = z.string().describe('ISO 8601, microseconds, UTC');

/** A fact in wire names: both time axes, and who said it and why. */
export const factSchema: z.ZodType = z.object({
  fact_id: z.string(),
  subject: z.string(),
  predicate: z.string(),
  fact_type: z.string(),
  value_key: z.string(),
  target: z.string().nullable(),
  value: z.unknown(),
  valid_from: instant,
  valid_to: instant.nullable(),
  recorded_at: instant,
  superseded_at: instant.nullable(),
  actor: z.string(),
  reason: z.string(),
  superseded_actor: z.string().nullable(),
  superseded_reason: z.string().nullable(),
  source: z.string().nullable(),
  confidence: z.number().nullable(),
  classification: z.string(),
  content_hash: z.string(),
  last_observed_at: instant,
  observation_count: z.int(),
});

/** How a fact leaves praxis: without secrets that a machine may have reported. */
export function factView(fact: Fact): Record<string, unknown> {
  return { ...wireFact(fact), value: redact(fact.value) };
}
