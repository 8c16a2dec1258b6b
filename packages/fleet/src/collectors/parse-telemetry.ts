import { isPlainName } from './entities.ts';
import { parseAide } from './aide.ts';
import { parseCis } from './cis.ts';
import { parseOsquery } from './osquery.ts';
import { parseProbe } from './probe.ts';
import { parseTalos } from './talos.ts';
import {
  COLLECTOR_NAMES,
  type CollectorName,
  type CollectorParser,
  type ParsedTelemetry,
  refused,
  TELEMETRY_LENGTH_MAX,
  type TelemetryInput,
} from './telemetry.ts';

const PARSERS: Readonly<Record<CollectorName, CollectorParser>> = {
  osquery: parseOsquery,
  aide: parseAide,
  probe: parseProbe,
  talos: parseTalos,
  cis: parseCis,
};

/** The longest predicate telemetry may be filed under, in characters. */
export const PREDICATE_LENGTH_MAX = 128;

/**
 * Turns a tool's output into observed facts. Pure; never throws, whatever the text; linear in its
 * length, which is bounded by `TELEMETRY_LENGTH_MAX` (`payload_too_large`). Telemetry is data: it
 * chooses neither subject, fact type nor classification.
 */
export function parseTelemetry(input: TelemetryInput): ParsedTelemetry {
  if (!isCollectorName(input.collector)) {
    return refused('collector_unknown', `no such collector; there are ${COLLECTOR_NAMES.join(', ')}`);
  }
  if (input.raw.length > TELEMETRY_LENGTH_MAX) {
    return refused('payload_too_large', `telemetry is longer than ${TELEMETRY_LENGTH_MAX} characters`);
  }
  const predicate = input.predicate ?? null;
  if (predicate !== null && (predicate.length > PREDICATE_LENGTH_MAX || !isPlainName(predicate))) {
    return refused(
      'value_unusable',
      `a predicate has 1 to ${PREDICATE_LENGTH_MAX} characters and no control character`,
    );
  }
  try {
    return PARSERS[input.collector]({ subject: input.subject, predicate, raw: input.raw });
  } catch (error) {
    // The contract is that hostile text cannot break a caller; a fault in a parser is an answer too.
    const name = error instanceof Error ? error.name : typeof error;
    return refused('internal', `the ${input.collector} parser failed (${name})`);
  }
}

/** Whether there is a collector of this name. */
export function isCollectorName(value: string): value is CollectorName {
  return (COLLECTOR_NAMES as readonly string[]).includes(value);
}
