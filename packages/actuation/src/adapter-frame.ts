import type { HostType } from '@praxis/fleet';
import {
  type ActionRequest,
  type ActionResult,
  type Adapter,
  type ExecuteOptions,
  isRefusal,
  type PreparedAction,
  type Refusal,
} from './adapter.ts';
import { checkHostType } from './host-type.ts';

/** What an adapter finds out about an action: the part of `PreparedAction` that only it can know. */
export type Preparation = Pick<PreparedAction, 'command' | 'shell' | 'destination' | 'digest' | 'summary'>;

/** An adapter's own steps. Each is only asked for hosts of its types. */
export interface AdapterSteps {
  readonly name: string;
  readonly hostTypes: readonly HostType[];
  prepare(request: ActionRequest, signal?: AbortSignal): Promise<Preparation | Refusal>;
  /** What a run would do, in words. */
  describe(prepared: PreparedAction): string;
  execute(prepared: PreparedAction, run: ExecuteOptions): Promise<ActionResult | Refusal>;
}

/** The frame that every adapter has in common: the host's type is asked before each step, whatever came before. */
export function frameAdapter(steps: AdapterSteps): Adapter {
  const { name, hostTypes } = steps;
  return {
    name,
    hostTypes,
    async prepare(request, signal) {
      const { host, action } = request;
      const wrongType = checkHostType(name, hostTypes, host);
      if (wrongType !== null) return wrongType;
      const preparation = await steps.prepare(request, signal);
      if (isRefusal(preparation)) return preparation;
      return { adapter: name, host, action, target: host.name, baseTier: 'T2', ...preparation };
    },
    async preview(prepared) {
      const wrongType = checkHostType(name, hostTypes, prepared.host);
      return wrongType ?? { kind: 'text', text: steps.describe(prepared) };
    },
    async execute(prepared, run) {
      return checkHostType(name, hostTypes, prepared.host) ?? (await steps.execute(prepared, run));
    },
  };
}
