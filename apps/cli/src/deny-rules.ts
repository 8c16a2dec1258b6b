import { readFileSync } from 'node:fs';
import { errorCode, PraxisError } from '@praxis/core';
import type { ServerConfig } from '@praxis/mcp-server';
import { type OperatorDenyRule, parseOperatorDenyRules } from '@praxis/policy';

/**
 * The operator's additions to the deny list. Throws `DENY_RULES_UNREADABLE` for a file that was named and cannot be
 * read, and `DENY_RULES_INVALID`.
 */
export function readDenyRules({ path, configured }: ServerConfig['denyRules']): readonly OperatorDenyRule[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (!configured && errorCode(cause) === 'ENOENT') return [];
    throw new PraxisError('DENY_RULES_UNREADABLE', `the deny rules at ${path} cannot be read`, { cause });
  }
  return parseOperatorDenyRules(text);
}
