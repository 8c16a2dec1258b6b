import { FACT_CLASSIFICATIONS, type FactClassification } from '@praxis/facts';
import { z } from 'zod';

/** The longest request line on the operator's socket, in bytes. */
export const CONTROL_LINE_BYTES_MAX = 65_536;
/** How long an operator's request may take, in milliseconds (a secret is checked in about a quarter second). */
export const CONTROL_TIMEOUT_MS = 30_000;

/** What an operator may ask of a running server, one JSON object a line. `mcp` turns the connection into an MCP client's. */
export type ControlRequest =
  | { op: 'mcp' }
  | { op: 'status' }
  | { op: 'approvals.list' }
  | { op: 'approvals.show'; id: string }
  | { op: 'approvals.approve'; id: string; confirm?: string | undefined; secret?: string | undefined }
  | { op: 'approvals.deny'; id: string; secret?: string | undefined }
  | { op: 'audit.rotate'; what: 'segment' | 'key'; secret?: string | undefined }
  | {
      op: 'facts.classify';
      subject: string;
      predicate: string;
      classification: FactClassification;
      reason: string;
    }
  | { op: 'stop'; reason: string }
  | { op: 'resume'; reason: string; secret?: string | undefined }
  | {
      op: 'baseline.bless';
      subject: string;
      predicate?: string | undefined;
      reason: string;
      secret?: string | undefined;
    };

/** The requests that change something; each leaves a record. */
export const OPERATOR_ACTS: readonly ControlRequest['op'][] = [
  'approvals.approve',
  'approvals.deny',
  'stop',
  'resume',
  'baseline.bless',
  'audit.rotate',
  'facts.classify',
];

const secret = z.string().max(1024).optional();
const id = z.string().min(1).max(128);
const reason = z.string().min(1).max(500);

/** Checks one request line; unknown fields are refused. */
export const controlRequestSchema: z.ZodType<ControlRequest> = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('mcp') }),
  z.strictObject({ op: z.literal('status') }),
  z.strictObject({ op: z.literal('approvals.list') }),
  z.strictObject({ op: z.literal('approvals.show'), id }),
  z.strictObject({ op: z.literal('approvals.approve'), id, confirm: z.string().max(512).optional(), secret }),
  z.strictObject({ op: z.literal('approvals.deny'), id, secret }),
  z.strictObject({
    op: z.literal('facts.classify'),
    subject: z.string().min(1).max(512),
    predicate: z.string().min(1).max(512),
    classification: z.enum(FACT_CLASSIFICATIONS),
    reason,
  }),
  z.strictObject({ op: z.literal('audit.rotate'), what: z.enum(['segment', 'key']), secret }),
  z.strictObject({ op: z.literal('stop'), reason }),
  z.strictObject({ op: z.literal('resume'), reason, secret }),
  z.strictObject({
    op: z.literal('baseline.bless'),
    subject: z.string().min(1).max(512),
    predicate: z.string().min(1).max(512).optional(),
    reason,
    secret,
  }),
]);

/** The answer, one JSON object a line. */
export type ControlResponse =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string };
