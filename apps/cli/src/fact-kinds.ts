import { readFileSync } from 'node:fs';
import { errorCode, PraxisError } from '@praxis/core';
import { builtInKinds, type KindRegistry, type KindsPolicy, parseKindsYaml } from '@praxis/facts';
import type { ServerConfig } from '@praxis/mcp-server';

/**
 * The built-in kinds of entities and the operator's own. Throws `FACT_KINDS_UNREADABLE` for a file that was named and
 * cannot be read, and `FACT_KIND_INVALID`.
 */
export function readKinds({ path, configured }: { path: string; configured: boolean }): KindRegistry {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (!configured && errorCode(cause) === 'ENOENT') return builtInKinds();
    throw new PraxisError('FACT_KINDS_UNREADABLE', `the kinds at ${path} cannot be read`, { cause });
  }
  return builtInKinds().with(parseKindsYaml(text));
}

/** What the configuration makes of kinds; what does not fit is told on `log`. */
export function kindsPolicyOf(config: ServerConfig['factKinds'], log: (line: string) => void): KindsPolicy {
  return {
    mode: config.mode,
    registry: readKinds(config),
    onViolation: ({ code, subject, predicate, message }) =>
      log(
        `praxis: FACT_KIND_INVALID: ${JSON.stringify(subject)} ${JSON.stringify(predicate)}: ${code}: ${message}`,
      ),
  };
}
