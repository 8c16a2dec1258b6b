import type { ActionResult, Completion, ExecutionFault } from '../adapter.ts';
import type { ExecutionResult } from '../process/run-process.ts';
import type { MarkFilter } from './mark-filter.ts';

/** The exit code by which ssh reports its own failures. */
const SSH_FAILED = 255;

/** What ssh says of itself, most telling first. */
const SAYINGS: readonly (readonly [RegExp, ExecutionFault])[] = [
  [
    /host key verification failed|remote host identification has changed|no .* host key is known/i,
    'host_key_rejected',
  ],
  [
    /permission denied|too many authentication failures|no supported authentication/i,
    'authentication_failed',
  ],
];

/** Which of its own failures ssh reports. */
function sshFault(said: string): ExecutionFault {
  return SAYINGS.find(([saying]) => saying.test(said))?.[1] ?? 'host_unreachable';
}

/** Reads the end of a bash command over ssh: its marks tell the far side's exit code from ssh's own. */
export function bashOutcome(result: ExecutionResult, marks: MarkFilter): ActionResult {
  if (marks.ended) return { ...result, completion: 'ended', fault: null };
  // Without the end mark the code is that of ssh or of the login shell, not of the command.
  const lost = { ...result, exitCode: null };
  if (marks.began) return { ...lost, completion: 'unknown', fault: 'connection_lost' };
  if (result.stopped && result.exitCode === null && result.signal === null)
    return { ...lost, completion: 'not_started', fault: null };
  if (result.exitCode === SSH_FAILED || result.exitCode === null) {
    return { ...lost, completion: 'not_started', fault: sshFault(marks.preamble) };
  }
  return { ...lost, completion: 'not_started', fault: 'shell_missing' };
}

/** Reads the end of a PowerShell command over ssh, where 255 may be either side's. */
export function powershellOutcome(result: ExecutionResult): ActionResult {
  const said = Buffer.from(result.stderr).toString('utf8');
  if (result.exitCode === SSH_FAILED) {
    return { ...result, exitCode: null, completion: 'unknown', fault: sshFault(said) };
  }
  const completion: Completion = result.exitCode === null ? 'unknown' : 'ended';
  return { ...result, completion, fault: completion === 'ended' ? null : 'connection_lost' };
}
