import { isJsonObject, type Json, type JsonObject } from '@praxis/core';
import { linesOf } from '../collectors/probe.ts';
import { type CollectError, TELEMETRY_LENGTH_MAX } from '../collectors/telemetry.ts';
import { parseTolerantJson } from '../collectors/tolerant-json.ts';
import { DetailDraft } from './detail-draft.ts';
import { equalJson } from './json-equality.ts';
import type { Finding, FindingKind } from './finding.ts';

/** How many findings one plan yields at most. */
export const TOFU_FINDINGS_MAX = 10_000;

/** The drift that a plan reports, and what of the plan could not be read. */
export interface ParsedDrift {
  readonly findings: readonly Finding[];
  readonly errors: readonly CollectError[];
}

/**
 * Drift as Terraform and OpenTofu report it: the one document of `show -json PLANFILE` (its
 * `resource_drift`), or the message stream of `plan -json` (its `resource_drift` messages). In both,
 * `before` is what the state recorded and `after` what really is. A stream's messages carry the kind
 * of change but no values. Subjects are `tofu:ADDRESS`. Never throws.
 */
export function parseTofuDrift(raw: string): ParsedDrift {
  if (raw.length > TELEMETRY_LENGTH_MAX)
    return failure('payload_too_large', `longer than ${TELEMETRY_LENGTH_MAX} characters`);
  if (raw.trim() === '') return failure('empty', 'no plan');
  const whole = parseTolerantJson(raw);
  if (whole.ok && isJsonObject(whole.value) && !('@message' in whole.value)) return fromDocument(whole.value);
  if (!whole.ok && whole.error.code === 'too_deep') return { findings: [], errors: [whole.error] };
  return fromStream(raw);
}

function fromDocument(plan: JsonObject): ParsedDrift {
  const drift = plan['resource_drift'];
  if (typeof plan['format_version'] !== 'string')
    return failure('report_unrecognised', 'not a plan document');
  if (drift === undefined) return { findings: [], errors: [] };
  if (!Array.isArray(drift)) return failure('report_unrecognised', 'resource_drift is not a list');
  const entries: readonly Json[] = drift;
  return collect(entries.map((entry) => fromChange(entry)));
}

function fromChange(entry: Json): Finding | null | 'unusable' {
  if (!isJsonObject(entry) || typeof entry['address'] !== 'string' || !isJsonObject(entry['change']))
    return 'unusable';
  const { change } = entry;
  const actions = change['actions'];
  const kind = kindOf(Array.isArray(actions) ? actions.join('+') : '');
  return kind === null
    ? null
    : toFinding(entry['address'], kind, change['before'] ?? null, change['after'] ?? null);
}

function fromStream(raw: string): ParsedDrift {
  const found: (Finding | null | 'unusable')[] = [];
  let messages = 0;
  for (const line of linesOf(raw)) {
    if (!line.includes('"@message"')) continue;
    const parsed = parseTolerantJson(line);
    if (!parsed.ok || !isJsonObject(parsed.value)) {
      found.push('unusable');
      continue;
    }
    messages += 1;
    if (parsed.value['type'] === 'resource_drift') found.push(fromMessage(parsed.value));
  }
  if (messages === 0) return failure('report_unrecognised', 'neither a plan document nor a plan stream');
  return collect(found);
}

function fromMessage(message: JsonObject): Finding | null | 'unusable' {
  const { change } = message;
  if (!isJsonObject(change) || !isJsonObject(change['resource'])) return 'unusable';
  const address = change['resource']['addr'];
  const kind = kindOf(typeof change['action'] === 'string' ? change['action'] : '');
  if (typeof address !== 'string') return 'unusable';
  return kind === null ? null : toFinding(address, kind, null, null);
}

/** Seen from the state: what was deleted outside is missing, what changed outside is changed. */
function kindOf(action: string): FindingKind | null {
  if (action === 'delete') return 'missing';
  if (action === 'create') return 'unexpected';
  return action === 'no-op' || action === 'noop' || action === 'read' ? null : 'changed';
}

function toFinding(address: string, kind: FindingKind, before: Json, after: Json): Finding {
  const draft = new DetailDraft();
  if (kind === 'missing') draft.remove(before);
  else if (kind === 'unexpected') draft.add(after);
  else if (isJsonObject(before) && isJsonObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (equalJson(before[key] ?? null, after[key] ?? null)) continue;
      draft.change({ key, before: before[key] ?? null, after: after[key] ?? null });
    }
  }
  return {
    subject: `tofu:${address.toWellFormed().slice(0, 1024)}`,
    predicate: 'resource',
    kind,
    severity: 'warning',
    detail: draft.toDetail(),
    observedAt: null,
    stale: false,
  };
}

function collect(found: readonly (Finding | null | 'unusable')[]): ParsedDrift {
  const findings = found.filter((item): item is Finding => item !== null && item !== 'unusable');
  const errors: CollectError[] = [];
  if (found.includes('unusable'))
    errors.push({ code: 'value_unusable', message: 'an entry of the plan could not be read' });
  if (findings.length > TOFU_FINDINGS_MAX)
    errors.push({ code: 'limit_reached', message: `more than ${TOFU_FINDINGS_MAX} findings` });
  return { findings: findings.slice(0, TOFU_FINDINGS_MAX), errors };
}

function failure(code: CollectError['code'], message: string): ParsedDrift {
  return { findings: [], errors: [{ code, message }] };
}
