import { z } from 'zod';
import type { ResumePoint } from './report.ts';

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const text = z.string().nullable();

const openIntent = z.object({
  seq: count,
  ts: z.string(),
  action_id: text,
  tool: text,
  target: text,
  tier: text,
  host: text,
  host_type: text,
  session_id: text,
  principal: text,
});

const schema: z.ZodType<ResumePoint> = z.object({
  path: z.string(),
  offset: count,
  size: count,
  prev_hash: hex,
  origin_id: z.string(),
  edge: z.array(hex).max(64),
  open_intents: z.array(openIntent).optional(),
  keys: z.array(z.object({ seq: count, verifier_key: z.string(), endorsed: z.boolean() })).optional(),
  trusted_keys: z.array(z.string()).optional(),
  keeps_evidence: z.boolean().optional(),
});

/** The place to go on from that an earlier verification answered, as it was kept; null for what is none. */
export function parseResumePoint(value: unknown): ResumePoint | null {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}
