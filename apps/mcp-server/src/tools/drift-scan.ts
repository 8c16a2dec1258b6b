import { formatInstant } from '@praxis/core';
import {
  type ConvergencePlan,
  convergenceRequests,
  type Finding,
  planConvergence,
  scanDrift,
} from '@praxis/fleet';
import { redact } from '@praxis/screen';
import { z } from 'zod';
import type { Services } from '../services.ts';
import { defineTool, readAnswer, readOnly, type Tool, verdictShape } from '../tool.ts';

/** How many findings one answer lists; `total` counts them all. */
export const FINDINGS_SHOWN_MAX = 500;

const findingSchema = z.object({
  subject: z.string(),
  predicate: z.string(),
  kind: z.enum(['missing', 'changed', 'unexpected']),
  severity: z.enum(['info', 'warning', 'critical']),
  detail: z.unknown(),
  observed_at: z.string().nullable(),
  stale: z.boolean(),
  plan: z.object({
    calls: z
      .array(z.record(z.string(), z.unknown()))
      .describe('proposed run_action arguments; nothing runs by itself'),
    rationale: z.array(z.string()),
    needs_person: z.array(z.string()).describe('what no command should decide'),
  }),
});

/** What a scan tells an agent. */
interface Scanned extends Readonly<Record<string, unknown>> {
  readonly findings: readonly unknown[];
  readonly without_baseline: readonly string[];
  readonly stale: readonly unknown[];
}

/** The tool that compares what is observed with what an operator blessed. Proposes; changes nothing. */
export const driftScan: Tool = defineTool({
  name: 'drift_scan',
  description:
    'Compares what is observed with the known-good baseline that an operator blessed. Each finding says what differs and, ' +
    'where there is a safe proposal, the run_action call that would put it right (a dry run first, then a person).',
  input: z.strictObject({ subject: z.string().min(1).max(512).optional() }),
  output: z.object({
    ...verdictShape,
    findings: z.array(findingSchema).optional(),
    total: z.int().optional(),
    scanned: z.int().optional(),
    without_baseline: z
      .array(z.string())
      .optional()
      .describe('subjects nobody has blessed: nothing is said about them'),
    stale: z.array(z.object({ subject: z.string(), predicate: z.string() })).optional(),
    withheld: z.int().optional(),
  }),
  annotations: readOnly('Scan for drift'),
  tier: 'T0',
  async run(args, context, services) {
    const result = await services.gate.read<Scanned>(
      {
        kind: 'read',
        tool: 'drift_scan',
        args,
        target: args.subject ?? null,
        // Names of subjects and predicates may come from telemetry as well as what differs.
        untrusted: ({ findings, without_baseline, stale }) =>
          findings.length + without_baseline.length + stale.length > 0,
        run: async () => {
          const value = await scan(args.subject, services);
          return { value, body: JSON.stringify(value) };
        },
      },
      context,
    );
    return readAnswer(result);
  },
});

async function scan(subject: string | undefined, services: Services): Promise<Scanned> {
  const result = await scanDrift(services.facts, {
    clock: services.clock,
    allowRestricted: services.allowRestricted,
    ...(subject === undefined ? {} : { subject }),
  });
  return {
    findings: result.findings.slice(0, FINDINGS_SHOWN_MAX).map((finding) => findingView(finding, services)),
    total: result.findings.length,
    scanned: result.scanned,
    without_baseline: result.withoutBaseline,
    stale: result.stale,
    withheld: result.withheld,
  };
}

function findingView(finding: Finding, services: Services): Record<string, unknown> {
  const { subject, predicate, kind, severity, detail, observedAt, stale } = finding;
  return {
    subject,
    predicate,
    kind,
    severity,
    detail: redact(detail),
    observed_at: observedAt === null ? null : formatInstant(observedAt),
    stale,
    plan: planView(planConvergence(finding, services.inventory)),
  };
}

/** A plan as the run_action calls it stands for, ready to be made one by one. */
function planView(plan: ConvergencePlan): Record<string, unknown> {
  const requests = convergenceRequests(plan);
  return {
    calls: requests.map(({ adapter, host, host_type, action, dry_run }) => ({
      adapter,
      host,
      host_type,
      action,
      dry_run,
    })),
    rationale: requests.map((request) => request.rationale),
    needs_person: plan.needsPerson,
  };
}
