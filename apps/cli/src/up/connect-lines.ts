import { join } from 'node:path';
import { defaultDataDir, type ServerConfig } from '@praxis/mcp-server';

/** What starts praxis, whatever the working directory: works in a checkout and in an installation. */
const LAUNCHER: string = join(import.meta.dirname, '..', '..', 'bin', 'praxis.js');

/** How to connect an MCP client: lines for a shell, and an entry for a client's configuration file. */
export interface ConnectLines {
  readonly stdio: string;
  readonly http: string;
  readonly file: string;
}

/** Lines that work from any directory, and reach this data directory even when it is not the default one. */
export function connectLines(shown: {
  readonly config: ServerConfig;
  readonly url: string;
  readonly tokenPath: string | null;
}): ConnectLines {
  const { config, url, tokenPath } = shown;
  const env: Record<string, string> =
    config.dataDir === defaultDataDir(process.env) ? {} : { PRAXIS_DATA_DIR: config.dataDir };
  const environment = Object.entries(env).map(([name, value]) => ` --env ${shellWord(`${name}=${value}`)}`);
  const token = tokenPath === null ? '$PRAXIS_HTTP_TOKEN' : `$(cat ${shellWord(tokenPath)})`;
  const entry = {
    command: 'node',
    args: [LAUNCHER, 'serve'],
    ...(Object.keys(env).length === 0 ? {} : { env }),
  };
  return {
    stdio: `claude mcp add praxis${environment.join('')} -- node ${shellWord(LAUNCHER)} serve`,
    http: `claude mcp add --transport http praxis ${url} --header "Authorization: Bearer ${token}"`,
    file: JSON.stringify({ mcpServers: { praxis: entry } }),
  };
}

/** One word of a POSIX shell, quoted where it has to be. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
