import { adapters } from '@praxis/actuation';
import { allTools, type Services, type Tool } from '@praxis/mcp-server';
import { z } from 'zod';

/** The part of JSON Schema that the tools' schemas use. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly default?: unknown;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
}

const INTRODUCTION = `# MCP tools

<!-- Written by \`node --conditions=praxis-source governance/write-docs.ts\` from the tools' own schemas. Do not edit. -->

What an agent can call. Unknown fields are refused, nothing is coerced, and every call leaves a record, also one that is
refused. Every answer carries \`decision\`, \`reason\` (a stable code, see [errors](errors.md)) and \`seq\`, the number of its
record in the ledger. A denial sets \`isError\`.
`;

/** The reference page of all tools, from the schemas that calls are checked against. */
export function toolsReference(): string {
  // Only the list is wanted: no tool is run, so none of the other services is needed.
  const tools = [...allTools({ adapters: adapters({ inventory: () => [] }) } as Services).values()];
  return [INTRODUCTION, ...tools.map(toolSection)].join('\n');
}

function toolSection(tool: Tool): string {
  const { annotations } = tool;
  const manners = [
    annotations.readOnlyHint ? 'reads only' : 'acts',
    annotations.destructiveHint ? 'may destroy' : 'does not destroy',
    annotations.idempotentHint ? 'may be repeated' : 'not to be repeated',
  ];
  return `## \`${tool.name}\`

${tool.description}

Annotations: ${manners.join(', ')}.

**Input**

${fieldTable(z.toJSONSchema(tool.input, { io: 'input' }) as Schema)}

**Answer**

${fieldTable(z.toJSONSchema(tool.output, { io: 'output' }) as Schema)}
`;
}

function fieldTable(schema: Schema): string {
  const rows = fields(schema, '');
  return ['| field | type | | |', '|---|---|---|---|', ...rows].join('\n');
}

function fields(schema: Schema, prefix: string): string[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const need =
      field.default === undefined
        ? required.has(name)
          ? 'always'
          : 'optional'
        : `default \`${JSON.stringify(field.default)}\``;
    const row = `| \`${prefix}${name}\` | ${typeText(field)} | ${need} | ${cell(field.description ?? '')} |`;
    return [row, ...nested(field, `${prefix}${name}`)];
  });
}

function nested(field: Schema, path: string): string[] {
  if (field.properties !== undefined) return fields(field, `${path}.`);
  return field.items?.properties === undefined ? [] : fields(field.items, `${path}[].`);
}

function typeText(schema: Schema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(' or ');
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.type === 'array')
    return `list of ${typeText(schema.items ?? {})}${schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`}`;
  if (schema.type === 'string') return `text${range(schema.minLength, schema.maxLength, ' characters')}`;
  if (schema.type === 'integer') return `integer${range(schema.minimum, schema.maximum, '')}`;
  if (typeof schema.type === 'object')
    return schema.type.map((type) => typeText({ ...schema, type })).join(' or ');
  return schema.type ?? 'any JSON';
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  const low = least === undefined || least <= Number.MIN_SAFE_INTEGER ? '' : String(least);
  const high = most === undefined || most >= Number.MAX_SAFE_INTEGER ? '' : String(most);
  if (low === '' && high === '') return '';
  return high === ''
    ? `, at least ${low}${unit}`
    : `, ${low === '' ? 'at most' : `${low} to`} ${high}${unit}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ');
}
