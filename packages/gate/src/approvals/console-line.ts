import type { Tier } from '@praxis/core';

/** Where approval tokens are shown: the operator's console (standard error), never the MCP channel. */
export type OperatorConsole = (line: string) => void;

/** What the console line of an approval says. */
export interface ConsoleApproval {
  readonly tool: string;
  readonly actionId: string;
  readonly target: string;
  readonly tier: Tier;
  readonly token: string;
  readonly ttlSeconds: number;
}

/** The one line an operator (or an operator's script) reads a console token from. */
export function consoleLine(approval: ConsoleApproval): string {
  const shown = {
    tool: approval.tool,
    action_id: approval.actionId,
    target: approval.target,
    tier: approval.tier,
    token: approval.token,
    ttl_s: approval.ttlSeconds,
  };
  return `praxis-approval ${JSON.stringify(shown)}`;
}
