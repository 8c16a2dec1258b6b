import { errorCode } from '@praxis/core';
import { z } from 'zod';
import { defineTool, type Tool, verdict, verdictShape } from '../tool.ts';

/** The tool that stops everything. Never gated, and works without a ledger; its record says so when it can. */
export const emergencyStop: Tool = defineTool({
  name: 'emergency_stop',
  description:
    'Stops everything at once: every further call is refused and running actions are ended. ' +
    'Never needs approval. Only an operator can resume, out of band.',
  input: z.strictObject({ reason: z.string().min(1).max(500) }),
  output: z.object({
    ...verdictShape,
    stopped: z.boolean().optional(),
    durable: z.boolean().optional().describe('whether the stop survives a restart'),
  }),
  annotations: {
    title: 'Emergency stop',
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  tier: 'T0',
  async run(args, context, services) {
    const stopped = trip(services.killSwitch, args.reason);
    const result = await services.gate.read(
      {
        kind: 'read',
        tool: 'emergency_stop',
        args,
        target: null,
        untrusted: false,
        exemptFromKillSwitch: true,
        run: () => Promise.resolve({ value: stopped, body: JSON.stringify(stopped) }),
      },
      context,
    );
    // The stop holds whatever came of its record: it must not depend on the ledger.
    return { body: { ...verdict(result), ...stopped }, isError: result.decision !== 'allowed' };
  },
});

function trip(
  killSwitch: { trip(reason: string): void },
  reason: string,
): { stopped: boolean; durable: boolean; fault?: string } {
  try {
    killSwitch.trip(reason);
    return { stopped: true, durable: true };
  } catch (error) {
    return { stopped: true, durable: false, fault: errorCode(error) };
  }
}
