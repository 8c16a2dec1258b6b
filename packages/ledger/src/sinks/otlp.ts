import { z } from 'zod';
import { type StoredMembers, type StoredRecord, withNulls } from '../record.ts';
import type { Sink, SinkLine, SinkRefusal } from './sink.ts';

/** Answers to a request that will never be kept: malformed, too large, not to be processed. */
const NEVER_KEPT: ReadonlySet<number> = new Set([400, 413, 422]);
/** How long an OTLP collector may take, in milliseconds. */
export const OTLP_TIMEOUT_MS = 10_000;
const SEVERITY = {
  allowed: [9, 'INFO'],
  session: [9, 'INFO'],
  denied: [13, 'WARN'],
  error: [17, 'ERROR'],
} as const;

/** Which collector gets the records, and what to say to it. The operator names it, so it is not screened. */
export interface OtlpOptions {
  /** The collector's base URL (`http://127.0.0.1:4318`) or its `/v1/logs`. */
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A sink that sends each record as an OpenTelemetry log record, OTLP/HTTP with JSON. */
export function otlpSink(options: OtlpOptions): Sink {
  const url = options.endpoint.endsWith('/v1/logs')
    ? options.endpoint
    : `${options.endpoint.replace(/\/+$/, '')}/v1/logs`;
  return {
    name: `otlp ${new URL(url).host}`,
    catchesUp: true,
    async deliver(lines): Promise<SinkRefusal | undefined> {
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...options.headers, 'content-type': 'application/json' },
        body: JSON.stringify(exportRequest(lines)),
        redirect: 'error',
        signal: AbortSignal.timeout(OTLP_TIMEOUT_MS),
      });
      const answer = await response.text();
      const why = `the collector answered with HTTP status ${response.status}`;
      // It cannot make anything of these; sent again, they would only hold up those after them.
      if (NEVER_KEPT.has(response.status)) return { refused: lines.length, why };
      if (!response.ok) throw new Error(why);
      return partialRefusal(answer);
    },
    close: () => Promise.resolve(),
  };
}

/** `ExportLogsPartialSuccess` (OTLP): some records were not kept, and sending them again is no use. */
function partialRefusal(answer: string): SinkRefusal | undefined {
  const parsed = partialSchema.safeParse(parseJson(answer));
  const { rejectedLogRecords = 0, errorMessage = '' } = parsed.data?.partialSuccess ?? {};
  const refused = Number(rejectedLogRecords);
  return refused > 0
    ? { refused, why: `the collector refused ${refused} records: ${errorMessage}` }
    : undefined;
}

const partialSchema = z.object({
  partialSuccess: z
    .object({
      rejectedLogRecords: z.union([z.string().regex(/^\d{1,15}$/), z.int().min(0)]).optional(),
      errorMessage: z.string().max(1_024).optional(),
    })
    .optional(),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A collector may answer nothing at all: then it kept everything.
    return {};
  }
}

function exportRequest(lines: readonly SinkLine[]): object {
  const records = lines.map(({ line }) => ({ line, record: withNulls(JSON.parse(line) as StoredMembers) }));
  const origin = records[0]?.record.origin_id ?? '';
  return {
    resourceLogs: [
      {
        resource: { attributes: [text('service.name', 'praxis'), text('praxis.origin_id', origin)] },
        scopeLogs: [{ scope: { name: 'praxis.audit' }, logRecords: records.map(logRecord) }],
      },
    ],
  };
}

function logRecord({ line, record }: { line: string; record: StoredRecord }): object {
  const [severityNumber, severityText] = SEVERITY[record.decision];
  const names = [
    'kind',
    'decision',
    'reason',
    'tool',
    'target',
    'tier',
    'principal',
    'host',
    'session_id',
    'action_id',
  ] as const;
  const attributes = names.flatMap((name) =>
    record[name] === null ? [] : [text(`praxis.${name}`, record[name])],
  );
  return {
    timeUnixNano: `${BigInt(Date.parse(record.ts)) * 1_000_000n + BigInt(record.ts.slice(23, 26)) * 1_000n}`,
    severityNumber,
    severityText,
    body: { stringValue: line },
    attributes: [{ key: 'praxis.seq', value: { intValue: String(record.seq) } }, ...attributes],
    // OTLP has room for a trace id of 32 hex digits only.
    ...(/^[0-9a-f]{32}$/.test(record.trace_id ?? '') ? { traceId: record.trace_id } : {}),
  };
}

function text(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}
