import { formatInstant, type Instant } from '@praxis/core';
import type { Fact } from '@praxis/facts';
import { redact } from '@praxis/screen';
import { z } from 'zod';

/** A fact in wire names: both time axes, and who said it and why. */
export const factSchema: z.ZodType = z.object({
  fact_id: z.string(),
  subject: z.string(),
  predicate: z.string(),
  fact_type: z.string(),
  value_key: z.string(),
  value: z.unknown(),
  valid_from: z.string(),
  valid_to: z.string().nullable(),
  recorded_at: z.string(),
  superseded_at: z.string().nullable(),
  actor: z.string(),
  reason: z.string(),
  source: z.string().nullable(),
  confidence: z.number().nullable(),
  content_hash: z.string(),
});

/** How a fact leaves praxis: without secrets that a machine may have reported. */
export function factView(fact: Fact): Record<string, unknown> {
  return {
    fact_id: fact.factId,
    subject: fact.subject,
    predicate: fact.predicate,
    fact_type: fact.factType,
    value_key: fact.valueKey,
    value: redact(fact.value),
    valid_from: formatInstant(fact.validFrom),
    valid_to: orNull(fact.validTo),
    recorded_at: formatInstant(fact.recordedAt),
    superseded_at: orNull(fact.supersededAt),
    actor: fact.actor,
    reason: fact.reason,
    source: fact.source,
    confidence: fact.confidence,
    content_hash: fact.contentHash,
  };
}

function orNull(instant: Instant | null): string | null {
  return instant === null ? null : formatInstant(instant);
}
