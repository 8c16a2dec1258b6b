import {
  type Adapter,
  type ActionResult,
  isRefusal,
  type PreparedAction,
  type Refusal,
} from '@praxis/actuation';
import type { Tier } from '@praxis/core';
import { HOST_TYPES, resolveTarget } from '@praxis/fleet';
import type { ActCall, CallContext, CallOutput, GateRefusal, GateResult } from '@praxis/gate';
import { z } from 'zod';
import type { Services } from '../services.ts';
import { defineTool, type Tool, type ToolAnswer } from '../tool.ts';

const ACTION_LENGTH_MAX = 65_536;
const CLAIMS_MAX = 64;
/** Every adapter changes systems: until a command is judged, it counts as stateful. */
const BASE_TIER: Tier = 'T2';

const claim = z.string().min(1).max(255);

function inputSchema(
  adapters: readonly string[],
): z.ZodObject<typeof shape & { adapter: z.ZodType<string> }> {
  return z.strictObject({ adapter: z.enum(adapters as [string, ...string[]]), ...shape });
}

const shape = {
  host: z.string().min(1).max(512).describe('its name in the inventory; exactly one'),
  host_type: z
    .enum(HOST_TYPES)
    .optional()
    .describe('what you believe it is; refused when the inventory disagrees'),
  action: z
    .string()
    .min(1)
    .max(ACTION_LENGTH_MAX)
    .describe('ssh: the command; runbook: the file below the root'),
  ssh_alias: claim.optional(),
  nodes: z.array(claim).max(CLAIMS_MAX).optional(),
  endpoints: z.array(claim).max(CLAIMS_MAX).optional(),
  dry_run: z.boolean().default(true),
  approval_token: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('a console token, when the operator gave you one'),
} as const;

type Input = z.output<ReturnType<typeof inputSchema>>;

const outputSchema = z.object({
  decision: z.enum(['allowed', 'denied', 'error']),
  reason: z.string().describe('a stable code'),
  detail: z.string().optional(),
  action_id: z.string().nullable(),
  tier: z.enum(['T0', 'T1', 'T2', 'T3']),
  dry_run: z.boolean(),
  preview: z.string().optional(),
  output: z.string().optional(),
  exit_code: z.int().nullable().optional(),
  output_sha256: z.string().nullable().describe('of the whole output'),
  output_len: z.int().describe('of the whole output, in bytes'),
  seq: z.int().nullable().describe('number of the closing record in the ledger'),
});

/** `run_action` for the adapters that are there. */
export function runAction(adapters: ReadonlyMap<string, Adapter>): Tool {
  return defineTool({
    name: 'run_action',
    description:
      'Changes something on one host. First with dry_run true: it answers what would happen and opens an approval. Once a ' +
      'person has approved it out of band, repeat the very same call with dry_run false: it runs once.',
    input: inputSchema([...adapters.keys()]),
    output: outputSchema,
    annotations: {
      title: 'Run an action',
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: true,
    },
    tier: BASE_TIER,
    blank: { action_id: null, tier: BASE_TIER, dry_run: true, output_sha256: null, output_len: 0 },
    async run(args, context, services) {
      const prepared = await prepare(args, services, context);
      if ('reason' in prepared) return answer(await refuse(args, prepared, context, services), args.dry_run);
      return answer(await services.gate.act(actCall(args, prepared), context), args.dry_run);
    },
  });
}

interface Ready {
  readonly adapter: Adapter;
  readonly action: PreparedAction;
}

/** Finds out, without touching anything, what the action would really be. The inventory decides; the caller only claims. */
async function prepare(args: Input, services: Services, context: CallContext): Promise<Ready | GateRefusal> {
  if (/[,;\s]/u.test(args.host))
    return { reason: 'target_not_single', detail: 'an action has exactly one host' };
  const target = resolveTarget(services.inventory, {
    host: args.host,
    ...(args.host_type === undefined ? {} : { hostType: args.host_type }),
    ...(args.ssh_alias === undefined ? {} : { sshAlias: args.ssh_alias }),
    ...(args.nodes === undefined ? {} : { nodes: args.nodes }),
    ...(args.endpoints === undefined ? {} : { endpoints: args.endpoints }),
  });
  if (!target.ok) return { reason: target.reason, detail: target.detail };
  const adapter = services.adapters.get(args.adapter);
  if (adapter === undefined) return { reason: 'adapter_unknown', detail: 'no such adapter' };
  // A stopped praxis does not even look.
  if (services.killSwitch.tripped()) return { reason: 'kill_switch', detail: 'everything is stopped' };
  const action = await adapter.prepare({ host: target.host, action: args.action }, context.signal);
  return isRefusal(action) ? { reason: action.reason, detail: action.detail } : { adapter, action };
}

type Value = { readonly exitCode: number | null };

function actCall(args: Input, { adapter, action }: Ready): ActCall<Value> {
  return {
    kind: 'act',
    tool: 'run_action',
    args,
    dryRun: args.dry_run,
    approvalToken: args.approval_token ?? null,
    baseTier: action.baseTier,
    subject: {
      command: action.command,
      shell: action.shell,
      adapter: adapter.name,
      target: action.target,
      hostType: action.host.hostType,
      destination: action.destination,
      contentDigest: action.digest,
      preview: action.summary,
    },
    preconditions: [],
    preview: async (signal) => {
      const shown = await adapter.preview(action, signal);
      return isRefusal(shown) ? declined(shown) : { value: { exitCode: null }, body: shown.text };
    },
    execute: async (signal) => {
      const ran = await adapter.execute(action, { signal });
      return isRefusal(ran) ? declined(ran) : executed(ran);
    },
  };
}

/** An adapter that finds something changed since it prepared: nothing was run. */
function declined({ reason, detail }: Refusal): CallOutput<Value> {
  return { value: { exitCode: null }, body: '', failure: { reason, detail } };
}

function executed(ran: ActionResult): CallOutput<Value> {
  const failure = failureOf(ran);
  return {
    value: { exitCode: ran.exitCode },
    body: ran.output,
    whole: { sha256: ran.outputSha256, lengthBytes: ran.outputLengthBytes },
    ...(failure === null ? {} : { failure }),
  };
}

function failureOf(ran: ActionResult): GateRefusal | null {
  const sure = ran.completion === 'unknown' ? '; whether it finished is not known' : '';
  if (ran.stopped) return { reason: 'stopped', detail: `the action was stopped${sure}` };
  if (ran.timedOut) return { reason: 'timed_out', detail: `the action ran out of time${sure}` };
  if (ran.fault !== null) return { reason: ran.fault, detail: `${ran.fault.replaceAll('_', ' ')}${sure}` };
  if (ran.exitCode === 0) return null;
  const how = ran.exitCode === null ? `signal ${ran.signal ?? 'unknown'}` : `exit code ${ran.exitCode}`;
  return { reason: 'execution_failed', detail: `the command ended with ${how}${sure}` };
}

function refuse(
  args: Input,
  refusal: GateRefusal,
  context: CallContext,
  services: Services,
): Promise<GateResult<never>> {
  const hostType = services.inventory.find(args.host)?.hostType ?? null;
  return services.gate.refuse(
    { tool: 'run_action', args, target: args.host, hostType, tier: BASE_TIER, refusal },
    context,
  );
}

function answer(result: GateResult<Value>, dryRun: boolean): ToolAnswer {
  const shown = result.output === null ? {} : dryRun ? { preview: result.output } : { output: result.output };
  return {
    body: {
      decision: result.decision,
      reason: result.reason,
      ...(result.detail === '' ? {} : { detail: result.detail }),
      action_id: result.actionId,
      tier: result.tier,
      dry_run: dryRun,
      ...shown,
      ...(dryRun || result.value === null ? {} : { exit_code: result.value.exitCode }),
      output_sha256: result.outputSha256,
      output_len: result.outputLengthBytes,
      seq: result.seq,
    },
    isError: result.decision !== 'allowed',
  };
}
