import { createReadStream } from 'node:fs';
import { systemClock } from '@praxis/core';
import {
  type DecisionChange,
  diffPolicies,
  loadPolicy,
  type PolicyRequest,
  policyRequestSchema,
} from '@praxis/policy';
import { EXIT } from '../exit.ts';
import { linesOf } from '../jsonl.ts';
import { engineOf, hereAndNow, wireDecision } from './policy-eval.ts';

/** Most requests of one log that are replayed. */
const REQUESTS_MAX = 1_000_000;

/** `praxis policy diff`: exit 0 when nothing changes, 1 when something does. */
export async function diffPolicyFiles(
  before: string,
  after: string,
  options: { log: string; json?: boolean },
): Promise<void> {
  const { requests, skipped } = await readLog(options.log);
  const environment = hereAndNow();
  const [old, now] = [
    engineOf(await loadPolicy(before), environment),
    engineOf(await loadPolicy(after), environment),
  ];
  const { replayed, changes } = diffPolicies(old, now, requests, { now: systemClock.now() });
  for (const change of changes)
    console.log(options.json === true ? JSON.stringify(wireChange(change)) : lineOf(change));
  if (options.json !== true)
    console.log(`${replayed} replayed, ${changes.length} changed, ${skipped} lines without a request`);
  process.exitCode = changes.length > 0 ? EXIT.no : EXIT.yes;
}

/** A line is a request, or a record that carries one under `request`. */
async function readLog(file: string): Promise<{ requests: PolicyRequest[]; skipped: number }> {
  const requests: PolicyRequest[] = [];
  let skipped = 0;
  for await (const line of linesOf(createReadStream(file))) {
    const request = requestOf(line);
    if (request === null) skipped += 1;
    else if (requests.push(request) >= REQUESTS_MAX) break;
  }
  return { requests, skipped };
}

function requestOf(line: string | null): PolicyRequest | null {
  let value: unknown;
  try {
    value = JSON.parse(line ?? '');
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const inner = typeof value === 'object' && value !== null && 'request' in value ? value.request : value;
  const parsed = policyRequestSchema.safeParse(inner);
  return parsed.success ? parsed.data : null;
}

function wireChange({ kind, request, before, after }: DecisionChange): unknown {
  return { kind, request, before: wireDecision(before), after: wireDecision(after) };
}

function lineOf({ kind, request, before, after }: DecisionChange): string {
  const { principal, action, resource } = request;
  return `${kind}: ${principal} ${action} ${JSON.stringify(resource)}: ${before.reason} -> ${after.reason}`;
}
