import { readFileSync } from 'node:fs';
import { datagramLogger } from '@praxis/actuation';
import { PraxisError } from '@praxis/core';
import {
  type LineChannel,
  otlpSink,
  type Sink,
  streamSink,
  SYSLOG_APP_NAME,
  syslogSink,
} from '@praxis/ledger';
import type { ServerConfig } from '@praxis/mcp-server';

/**
 * Where records are copied to, best effort: the operator names these places, so they are not screened. Throws
 * `SINK_CONFIG_INVALID` for a place that can never be reached.
 */
export function sinksOf({ audit, transport }: ServerConfig, stdoutIsFree: boolean): readonly Sink[] {
  const sinks: Sink[] = [];
  try {
    if (audit.syslogAddress !== null) {
      const ca = audit.syslogCa === null ? undefined : readFileSync(audit.syslogCa, 'utf8');
      const { syslogAddress: address, syslogFormat: format } = audit;
      const datagramSocket = (path: string): LineChannel => datagramLogger(path, SYSLOG_APP_NAME);
      sinks.push(syslogSink({ address, format, ca, datagramSocket }));
    }
    if (audit.otlpEndpoint !== null) sinks.push(otlpSink({ endpoint: audit.otlpEndpoint }));
  } catch (cause) {
    throw new PraxisError(
      'SINK_CONFIG_INVALID',
      'PRAXIS_AUDIT_SYSLOG_… or PRAXIS_AUDIT_OTLP_ENDPOINT names no place',
      {
        cause,
      },
    );
  }
  // Over stdio, standard output belongs to the protocol.
  if (audit.stdout && (stdoutIsFree || transport === 'http')) sinks.push(streamSink(process.stdout));
  return sinks;
}
