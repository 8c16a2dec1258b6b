import { z } from 'zod';

/** The longest request line on the operator's socket, in bytes. */
export const CONTROL_LINE_BYTES_MAX = 65_536;
/** How long an operator's request may take, in milliseconds (a secret is checked in about a quarter second). */
export const CONTROL_TIMEOUT_MS = 30_000;

const secret = z.string().max(1024).optional();
const id = z.string().min(1).max(128);

/** What an operator may ask of a running server, one JSON object a line. `mcp` turns the connection into an MCP client's. */
export const controlRequestSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('mcp') }),
  z.strictObject({ op: z.literal('status') }),
  z.strictObject({ op: z.literal('approvals.list') }),
  z.strictObject({ op: z.literal('approvals.show'), id }),
  z.strictObject({ op: z.literal('approvals.approve'), id, confirm: z.string().max(512).optional(), secret }),
  z.strictObject({ op: z.literal('approvals.deny'), id, secret }),
  z.strictObject({ op: z.literal('stop'), reason: z.string().min(1).max(500) }),
  z.strictObject({ op: z.literal('resume'), reason: z.string().min(1).max(500), secret }),
  z.strictObject({
    op: z.literal('baseline.bless'),
    subject: z.string().min(1).max(512),
    predicate: z.string().min(1).max(512).optional(),
    reason: z.string().min(1).max(500),
    secret,
  }),
]);

export type ControlRequest = z.infer<typeof controlRequestSchema>;

/** The answer, one JSON object a line. */
export type ControlResponse =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string };
