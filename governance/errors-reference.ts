import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATE_REASONS } from '@praxis/gate';
import { parse } from 'yaml';
import { z } from 'zod';

const meaningsSchema = z.strictObject({
  reasons: z.record(z.string(), z.string().min(10)),
  errors: z.record(z.string(), z.string().min(10)),
});

export type ErrorMeanings = z.infer<typeof meaningsSchema>;

/** What the codes mean, as people are told. */
export function readErrorMeanings(directory: string): ErrorMeanings {
  return meaningsSchema.parse(parse(readFileSync(join(directory, 'error-meanings.yaml'), 'utf8')));
}

const INTRODUCTION = `# Reasons and errors

<!-- Written by \`node --conditions=praxis-source governance/write-docs.ts\`. Edit governance/data/error-meanings.yaml. -->

Compare codes, never messages: messages are for people and may change.

## Exit codes

Every command ends with one of these.

| code | meaning |
|---|---|
| 0 | yes; whole; no drift; done |
| 1 | no: refused, not whole, a fault found |
| 2 | wrong use: an option, a line or a value that is none |
| 3 | cannot tell: something could not be read, reached or written |

In JSON-lines modes a bad line is answered with \`{"error":{"code","message"}}\`, and the rest goes on.
`;

/** The reference page of all reasons and error codes. */
export function errorsReference(meanings: ErrorMeanings): string {
  const reasons = GATE_REASONS.map((reason) => `| \`${reason}\` | ${meanings.reasons[reason] ?? ''} |`);
  const errors = Object.entries(meanings.errors)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return [
    INTRODUCTION,
    '## Reasons of the gate',
    '',
    'Every call is answered with one, and every record of a call carries it.',
    '',
    '| reason | meaning |',
    '|---|---|',
    ...reasons,
    '',
    '## Error codes',
    '',
    'What a command prints as `praxis: CODE: message`, and what a server logs. Lower-case codes come with telemetry.',
    '',
    '| code | meaning |',
    '|---|---|',
    ...errors,
    '',
  ].join('\n');
}
