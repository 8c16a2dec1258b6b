import { homedir, platform } from 'node:os';
import { join } from 'node:path';
import { type Env, text } from './env.ts';

/** The platform's directory for state that a user keeps: `~/.local/state/praxis` on Linux (XDG). */
export function defaultDataDir(env: Env): string {
  const home = text(env, 'HOME') ?? homedir();
  if (platform() === 'darwin') return join(home, 'Library', 'Application Support', 'praxis');
  if (platform() === 'win32')
    return join(text(env, 'LOCALAPPDATA') ?? join(home, 'AppData', 'Local'), 'praxis');
  const state = text(env, 'XDG_STATE_HOME');
  // The XDG specification says to ignore a relative path.
  return join(state?.startsWith('/') ? state : join(home, '.local', 'state'), 'praxis');
}
