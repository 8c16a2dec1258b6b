import { isJsonObject, type Json, type JsonObject } from '@praxis/core';
import { linesOf } from '../collectors/probe.ts';
import { type CollectError, TELEMETRY_LENGTH_MAX } from '../collectors/telemetry.ts';
import { parseTolerantJson } from '../collectors/tolerant-json.ts';
import { DetailDraft } from './detail-draft.ts';
import type { Finding, Severity } from './finding.ts';
import type { ParsedDrift } from './tofu.ts';

/** How many findings one run yields at most. */
export const ANSIBLE_FINDINGS_MAX = 10_000;
const TASK_LENGTH_MAX = 256;
const LINE_LENGTH_MAX = 65_536;

type Outcome = 'changed' | 'failed' | 'unreachable';
interface HostOutcome {
  readonly host: string;
  readonly task: string;
  readonly outcome: Outcome;
}

/**
 * Drift as `ansible-playbook --check` reports it, from its ordinary output, the document of a `json`
 * callback (`plays[].tasks[].hosts`), or one JSON line per result (`{host, task, status}`). A task that
 * would change something is a warning; one that failed, or a host out of reach, is critical, because
 * nothing is known about it. The predicate is the task's title. Never throws.
 */
export function parseAnsibleDrift(raw: string): ParsedDrift {
  if (raw.length > TELEMETRY_LENGTH_MAX)
    return failure('payload_too_large', `longer than ${TELEMETRY_LENGTH_MAX} characters`);
  if (raw.trim() === '') return failure('empty', 'no output');
  const whole = parseTolerantJson(raw);
  if (whole.ok && isJsonObject(whole.value) && Array.isArray(whole.value['plays'])) {
    return toDrift(outcomesOfDocument(whole.value['plays']), true);
  }
  if (!whole.ok && whole.error.code === 'too_deep') return { findings: [], errors: [whole.error] };
  const text = outcomesOfText(raw);
  return toDrift(text.outcomes, text.recognised);
}

function outcomesOfDocument(plays: readonly Json[]): HostOutcome[] {
  const outcomes: HostOutcome[] = [];
  for (const entry of plays.flatMap((play) => listOf(play, 'tasks'))) {
    const task = isJsonObject(entry) ? objectOf(entry['task']) : {};
    const hosts = isJsonObject(entry) ? objectOf(entry['hosts']) : {};
    for (const [host, result] of Object.entries(hosts)) {
      const outcome = outcomeOf(objectOf(result));
      if (outcome !== null)
        outcomes.push({ host, task: typeof task['name'] === 'string' ? task['name'] : '', outcome });
    }
  }
  return outcomes;
}

function outcomeOf(result: JsonObject): Outcome | null {
  if (result['unreachable'] === true) return 'unreachable';
  if (result['failed'] === true) return 'failed';
  return result['changed'] === true ? 'changed' : null;
}

function outcomesOfText(raw: string): { outcomes: HostOutcome[]; recognised: boolean } {
  const outcomes: HostOutcome[] = [];
  let task = '';
  let recognised = false;
  for (const full of linesOf(raw)) {
    const line = full.slice(0, LINE_LENGTH_MAX);
    const title = /^(?:TASK|RUNNING HANDLER|PLAY|PLAY RECAP) \[?/.exec(line);
    if (title || line.startsWith('PLAY RECAP')) {
      recognised = true;
      task = titleOf(line);
      continue;
    }
    const outcome = line.startsWith('{') ? outcomeOfJsonLine(line) : outcomeOfLine(line, task);
    if (outcome === null) continue;
    if (line.startsWith('{')) recognised = true;
    outcomes.push(outcome);
  }
  return { outcomes, recognised };
}

/** `TASK [role : title] ****`: the text between the first bracket and the last one. */
function titleOf(line: string): string {
  const open = line.indexOf('[');
  const close = line.lastIndexOf(']');
  return open >= 0 && close > open ? line.slice(open + 1, close) : '';
}

function outcomeOfLine(line: string, task: string): HostOutcome | null {
  const match = /^(changed|fatal|failed): \[([^\]]{1,255})\]/.exec(line);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  // A delegated task prints `[host -> other]`: the finding is about the host of the play.
  const host = match[2].split(' -> ', 1)[0] ?? match[2];
  if (match[1] === 'changed') return { host, task, outcome: 'changed' };
  return { host, task, outcome: line.includes('UNREACHABLE!') ? 'unreachable' : 'failed' };
}

function outcomeOfJsonLine(line: string): HostOutcome | null {
  const parsed = parseTolerantJson(line);
  if (!parsed.ok || !isJsonObject(parsed.value)) return null;
  const { host, task, status, changed } = parsed.value;
  if (typeof host !== 'string' || typeof task !== 'string') return null;
  if (status === 'failed' || status === 'unreachable') return { host, task, outcome: status };
  return status === 'changed' || changed === true ? { host, task, outcome: 'changed' } : null;
}

function toDrift(outcomes: readonly HostOutcome[], recognised: boolean): ParsedDrift {
  if (!recognised) return failure('report_unrecognised', 'not the output of ansible-playbook');
  const findings = outcomes.slice(0, ANSIBLE_FINDINGS_MAX).map(toFinding);
  const over = outcomes.length > findings.length;
  return {
    findings,
    errors: over ? [{ code: 'limit_reached', message: `more than ${ANSIBLE_FINDINGS_MAX} findings` }] : [],
  };
}

function toFinding({ host, task, outcome }: HostOutcome): Finding {
  const severity: Severity = outcome === 'changed' ? 'warning' : 'critical';
  const draft = new DetailDraft();
  draft.change({ key: 'outcome', before: 'ok', after: outcome });
  return {
    subject: `host:${host.toWellFormed()}`,
    predicate: task === '' ? 'ansible' : task.slice(0, TASK_LENGTH_MAX).toWellFormed(),
    kind: 'changed',
    severity,
    detail: draft.toDetail(),
    observedAt: null,
    stale: false,
  };
}

function listOf(value: Json, key: string): readonly Json[] {
  const list = isJsonObject(value) ? value[key] : undefined;
  return Array.isArray(list) ? list : [];
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function failure(code: CollectError['code'], message: string): ParsedDrift {
  return { findings: [], errors: [{ code, message }] };
}
