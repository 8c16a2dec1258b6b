import { sha256Hex } from '@praxis/core';
import { COLLECTOR_NAMES, parseTelemetry, TELEMETRY_LENGTH_MAX } from '@praxis/fleet';
import { z } from 'zod';
import type { Services } from '../services.ts';
import { defineTool, readAnswer, type Tool, verdictShape } from '../tool.ts';

const inputSchema = z.strictObject({
  collector: z.enum(COLLECTOR_NAMES),
  subject: z.string().min(3).max(512),
  raw: z.string().max(TELEMETRY_LENGTH_MAX).describe('captured telemetry, as it came from the tool'),
  predicate: z.string().min(1).max(512).optional().describe('default: the collector decides'),
});

type Input = z.output<typeof inputSchema>;

/** What an ingest brought. */
interface Ingested extends Readonly<Record<string, unknown>> {
  readonly facts: number;
  readonly changed: number;
  readonly raw_sha256: string;
  readonly raw_len: number;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

/** The tool that takes telemetry in. It taints the session before the telemetry is looked at. */
export const ingestObservation: Tool = defineTool({
  name: 'ingest_observation',
  description:
    'Parses captured telemetry (osquery, aide, probe, talos, cis) into observed facts. Telemetry is untrusted: after ' +
    'this, every change needs a person.',
  input: inputSchema,
  output: z.object({
    ...verdictShape,
    facts: z.int().optional().describe('how many facts were observed'),
    changed: z.int().optional().describe('how many of them say something new'),
    raw_sha256: z.string().optional(),
    raw_len: z.int().optional().describe('bytes'),
    errors: z.array(z.object({ code: z.string(), message: z.string() })).optional(),
  }),
  annotations: {
    title: 'Ingest an observation',
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: true,
  },
  tier: 'T0',
  async run(args, context, services) {
    // The body of the telemetry is not an argument to keep: its digest and length stand for it.
    const { raw, ...rest } = args;
    const rawSha256 = sha256Hex(raw.toWellFormed());
    const rawLen = Buffer.byteLength(raw, 'utf8');
    const result = await services.gate.read<Ingested>(
      {
        kind: 'read',
        tool: 'ingest_observation',
        args: { ...rest, raw_sha256: rawSha256, raw_len: rawLen },
        target: args.subject,
        untrusted: true,
        run: async () => {
          const value = {
            ...(await ingest(args, context.session.principal, services)),
            raw_sha256: rawSha256,
            raw_len: rawLen,
          };
          return { value, body: JSON.stringify(value) };
        },
      },
      context,
    );
    const answer = readAnswer(result);
    const nothing = result.value !== null && result.value.facts === 0 && result.value.errors.length > 0;
    return nothing ? { ...answer, isError: true } : answer;
  },
});

async function ingest(
  { collector, subject, raw, predicate }: Input,
  actor: string,
  { facts, clock }: Services,
): Promise<Pick<Ingested, 'facts' | 'changed' | 'errors'>> {
  const parsed = parseTelemetry({
    collector,
    subject,
    raw,
    now: clock.now(),
    ...(predicate === undefined ? {} : { predicate }),
  });
  const puts = [...parsed.facts, ...parsed.typed].map((fact) => ({
    ...fact,
    actor,
    reason: `ingested from ${collector}`,
    source: collector,
  }));
  const stored = puts.length === 0 ? [] : await facts.putMany(puts);
  return {
    facts: parsed.facts.length,
    changed: stored.filter((one) => one.changed).length,
    errors: parsed.errors.map(({ code, message }) => ({ code, message })),
  };
}
