import type { ServerConfig } from '@praxis/mcp-server';
import { connectLines } from './connect-lines.ts';
import type { InventoryFile } from './inventory-file.ts';
import type { LocalFindings } from './observe-local.ts';

/** What `praxis up` says once it serves. */
export function welcome(shown: {
  readonly config: ServerConfig;
  readonly found: LocalFindings;
  readonly inventory: InventoryFile;
  readonly url: string;
  readonly tokenPath: string | null;
}): string {
  const { config, found, inventory, url, tokenPath } = shown;
  const counted = found.facts.map(({ predicate, rows }) =>
    rows === null ? predicate : `${predicate} ${rows}`,
  );
  const lines = connectLines({ config, url, tokenPath });
  const token = tokenPath ?? 'the value of PRAXIS_HTTP_TOKEN';
  return [
    `praxis is up (mode ${config.mode}).`,
    '',
    `  found on ${found.subject}: ${counted.join(', ')}`,
    ...found.errors.map((error) => `  could not look at everything: ${error.code}: ${error.message}`),
    `  inventory: ${inventory.path}${inventory.created ? ' (written just now: this machine alone)' : ''}`,
    `  ledger:    ${config.audit.path}`,
    `  URL:       ${url}`,
    `  token:     ${token}`,
    '',
    'Connect an MCP client:',
    `  over stdio:  ${lines.stdio}`,
    `  over HTTP:   ${lines.http}`,
    `  in a file:   ${lines.file}`,
    '',
    `Next: praxis operator init, then praxis baseline bless ${found.subject}. Ctrl-C stops.`,
  ].join('\n');
}
