import { isJsonObject, type Json } from '@praxis/core';
import { collectLocal } from '@praxis/fleet';
import { newSessionId } from '@praxis/mcp-server';
import type { Runtime } from '../runtime.ts';

/** What a look at this machine brought. */
export interface LocalFindings {
  readonly subject: string;
  readonly facts: readonly { readonly predicate: string; readonly rows: number | null }[];
  readonly changed: number;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

/** Looks at this machine (or at a tree that stands for one) and keeps what it finds, on the audited path like everything else. */
export async function observeLocal(runtime: Runtime, subject: string, root?: string): Promise<LocalFindings> {
  const { gate, sessions, facts, clock } = runtime.services;
  const session = sessions.open({ id: newSessionId(), principal: 'server:praxis' });
  const result = await gate.read<LocalFindings>(
    {
      kind: 'read',
      tool: 'collect_local',
      args: { subject },
      target: subject,
      untrusted: true,
      exemptFromKillSwitch: true,
      run: async () => {
        const collected = await collectLocal({ subject, clock, ...(root === undefined ? {} : { root }) });
        const put = await facts.putMany(
          [...collected.facts, ...collected.typed].map((fact) => ({
            ...fact,
            actor: 'server:praxis',
            reason: 'local collection',
            source: 'local',
          })),
        );
        const value: LocalFindings = {
          subject,
          facts: collected.facts.map((fact) => ({ predicate: fact.predicate, rows: rowsOf(fact.value) })),
          changed: put.filter((one) => one.changed).length,
          errors: collected.errors,
        };
        return { value, body: JSON.stringify(collected.facts) };
      },
    },
    { session, requestId: null, traceId: null },
  );
  if (result.value !== null) return result.value;
  return { subject, facts: [], changed: 0, errors: [{ code: result.reason, message: result.detail }] };
}

function rowsOf(value: Json): number | null {
  const rows = isJsonObject(value) ? value['rows'] : undefined;
  return Array.isArray(rows) ? rows.length : null;
}
