import { randomBytes } from 'node:crypto';
import { DEFAULT_LANG, DEFAULT_PATH, FORCED_ENVIRONMENT } from '../process/environment.ts';
import { shellQuote } from '../shell-quote.ts';

/** How long the far side waits between TERM and KILL, in seconds. */
const REMOTE_GRACE_S = 4;
/** The far side's own limit lies this much above ours, in seconds: it only acts when we no longer can. */
const DEAD_MAN_MARGIN_S = 10;
const POLLS_PER_SECOND = 10;

/** A command as it is sent: the words for the login shell, the script for stdin, and the script's marks. */
export interface RemoteScript {
  /** Runs the exact shell with an empty environment; the login shell only sees constant words. */
  readonly remoteCommand: string;
  /** What that shell reads. Its end is not sent: the open pipe is the lifeline. */
  readonly script: Uint8Array;
  /** Written to stderr right before the command begins, and right after it ended. */
  readonly startMark: string;
  readonly endMark: string;
}

/**
 * Wraps a bash text for the far side. It runs as `bash --noprofile --norc -c TEXT` in a process group of its
 * own, without stdin. The group is ended (TERM, then KILL) when the connection closes for whatever reason,
 * when its time is up, and when its leader has ended: killing the local ssh alone would leave it running.
 */
export function remoteScript(text: string, timeoutMs: number): RemoteScript {
  const nonce = randomBytes(12).toString('hex');
  const startMark = `praxis-${nonce}-began\n`;
  const endMark = `praxis-${nonce}-ended\n`;
  const limitS = Math.ceil(timeoutMs / 1000) + DEAD_MAN_MARGIN_S;
  // One compound command: bash has read all of it before its stdin changes hands.
  const script = `{
exec 3<&0 0</dev/null
printf '%s' ${shellQuote(startMark)} >&2
set -m
bash --noprofile --norc -c ${shellQuote(text)} 3<&- &
child=$!
set +m
{ IFS= read -r -t ${limitS} -u 3 _; kill -TERM -- "-$child"; sleep ${REMOTE_GRACE_S}; kill -KILL -- "-$child"; } >/dev/null 2>&1 &
watcher=$!
{ wait "$child"; code=$?; } 2>/dev/null
if kill -TERM -- "-$child" 2>/dev/null; then
for (( n = 0; n < ${REMOTE_GRACE_S * POLLS_PER_SECOND}; n++ )); do kill -0 -- "-$child" 2>/dev/null || break; sleep ${1 / POLLS_PER_SECOND}; done
kill -KILL -- "-$child" 2>/dev/null
fi
kill -TERM "$watcher" 2>/dev/null
printf '%s' ${shellQuote(endMark)} >&2
exit "$code"
}
`;
  return { remoteCommand: REMOTE_COMMAND, script: Buffer.from(script), startMark, endMark };
}

const REMOTE_ENVIRONMENT = Object.entries({ PATH: DEFAULT_PATH, LANG: DEFAULT_LANG, ...FORCED_ENVIRONMENT });

// sshd sets these three whatever the login shell is, and every shell reads the words the same way.
const REMOTE_COMMAND = [
  'exec env -i',
  'HOME="$HOME" USER="$USER" LOGNAME="$LOGNAME"',
  ...REMOTE_ENVIRONMENT.map(([name, value]) => `${name}=${value}`),
  'bash --noprofile --norc -s',
].join(' ');
