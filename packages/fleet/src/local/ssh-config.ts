import type { FileSource } from './file-source.ts';
import { type LocalCollector, type LocalRow, table } from './local-collector.ts';

/** How deep `Include` may nest; sshd allows 16. */
const INCLUDE_DEPTH_MAX = 16;
/** How many lines all the files together may have. */
const LINES_MAX = 100_000;
/** Options that may be given more than once; for all others the first value wins, as in sshd. */
const REPEATED = new Set([
  'port',
  'listenaddress',
  'hostkey',
  'acceptenv',
  'allowusers',
  'allowgroups',
  'denyusers',
  'denygroups',
  'subsystem',
  'setenv',
  'hostcertificate',
]);

interface ParseState {
  scope: string;
  lines: number;
  readonly rows: Map<string, LocalRow>;
}

/**
 * The sshd configuration as it takes effect: includes are followed, the first value of an option
 * wins, options that may repeat are kept in order, and each `Match` block is a scope of its own.
 * Options that the files leave at their default are not listed.
 */
export const sshConfig: LocalCollector = {
  predicate: 'ssh_config',
  async collect(source) {
    const state: ParseState = { scope: 'global', lines: 0, rows: new Map() };
    await readConfig(source, '/etc/ssh/sshd_config', state, 0);
    return table([...state.rows.values()]);
  },
};

async function readConfig(source: FileSource, file: string, state: ParseState, depth: number): Promise<void> {
  for (const line of (await source.text(file)).split('\n')) {
    state.lines += 1;
    if (state.lines > LINES_MAX) return;
    const option = parseOption(line);
    if (option === null) continue;
    const { keyword, value } = option;
    if (keyword === 'match') {
      state.scope = value.toLowerCase() === 'all' ? 'global' : `match ${value}`;
    } else if (keyword === 'include' && depth < INCLUDE_DEPTH_MAX) {
      const scope = state.scope;
      for (const pattern of value.split(/\s+/)) await readIncluded(source, pattern, state, depth);
      // A Match block inside an included file ends with that file.
      state.scope = scope;
    } else record(state, keyword, value);
  }
}

async function readIncluded(
  source: FileSource,
  pattern: string,
  state: ParseState,
  depth: number,
): Promise<void> {
  const full = pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`;
  const slash = full.lastIndexOf('/');
  const directory = full.slice(0, slash);
  const matches = globMatcher(full.slice(slash + 1));
  for (const name of await source.names(directory)) {
    if (matches(name)) await readConfig(source, `${directory}/${name}`, state, depth + 1);
  }
}

function record(state: ParseState, keyword: string, value: string): void {
  const key = `${state.scope}\0${keyword}`;
  const earlier = state.rows.get(key);
  if (earlier === undefined) state.rows.set(key, { scope: state.scope, option: keyword, value });
  else if (REPEATED.has(keyword)) state.rows.set(key, { ...earlier, value: `${earlier['value']}\n${value}` });
}

function parseOption(line: string): { keyword: string; value: string } | null {
  const text = withoutComment(line).trim();
  const match = /^([A-Za-z][A-Za-z0-9]*)(?:\s*=\s*|\s+)(\S.*)$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  const value = match[2].trim();
  const quoted = /^"([^"]*)"$/.exec(value);
  return { keyword: match[1].toLowerCase(), value: (quoted?.[1] ?? value).replaceAll(/\s+/g, ' ') };
}

/** sshd ends a line at a `#` that starts a word outside quotes. */
function withoutComment(line: string): string {
  let quoted = false;
  for (let index = 0; index < line.length; index += 1) {
    if (line[index] === '"') quoted = !quoted;
    else if (
      line[index] === '#' &&
      !quoted &&
      (index === 0 || line[index - 1] === ' ' || line[index - 1] === '\t')
    ) {
      return line.slice(0, index);
    }
  }
  return line;
}

/** A matcher for `*` and `?`, without backtracking over more than one star at a time. */
export function globMatcher(pattern: string): (name: string) => boolean {
  return (name) => {
    let p = 0;
    let star = -1;
    let resume = 0;
    for (let n = 0; n < name.length; ) {
      if (p < pattern.length && (pattern[p] === '?' || (pattern[p] === name[n] && pattern[p] !== '*'))) {
        p += 1;
        n += 1;
      } else if (pattern[p] === '*') {
        star = p;
        p += 1;
        resume = n;
      } else if (star >= 0) {
        p = star + 1;
        resume += 1;
        n = resume;
      } else return false;
    }
    while (pattern[p] === '*') p += 1;
    return p === pattern.length;
  };
}
