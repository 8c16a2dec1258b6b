import { tierSchema, type Tier } from '@praxis/core';
import { z } from 'zod';

/**
 * What an argument means, and so how it is judged. See `tables/README.md`.
 * A role may carry a parameter after a colon: `sql:psql`, `code:python`.
 */
const ROLES = [
  'text',
  'read',
  'write',
  'write-tree',
  'transfer-target',
  'create',
  'download',
  'delete',
  'move',
  'metadata',
  'device',
  'execute',
  'cwd',
  'shell',
  'argv',
  'words',
  'checkpoint-action',
  'filter',
  'transport',
  'archive',
  'extract-directory',
  'vim-operand',
  'pager-operand',
  'awk',
  'sed',
  'vim',
  'environment',
  'git-config',
  'git-remote',
  'ansible',
  'python',
  'ssh-option',
  'apt-option',
  'sql:psql',
  'sql:mysql',
  'sql:sqlite3',
  'sql:mongosh',
  'code:python',
  'code:perl',
  'code:ruby',
  'code:node',
  'code:php',
  'code:lua',
  'powershell',
  'cmd',
  'assignment',
  'trap',
  'prompt',
  'alias',
] as const;
export type Role = (typeof ROLES)[number];
const roleSchema = z.enum(ROLES);

/** Handlers written in code for grammars that no table can say. */
const HANDLERS = [
  'find',
  'shell',
  'eval',
  'source',
  'set',
  'declare',
  'read',
  'cd',
  'shift',
  'unset',
  'printf',
  'let',
  'git-push',
  'git-config',
  'python',
  'ansible',
  'powershell',
  'cmd',
] as const;
export type HandlerName = (typeof HANDLERS)[number];

/** How a program reads its options. */
const STYLES = ['gnu', 'posix', 'single-dash', 'none'] as const;
export type Style = (typeof STYLES)[number];

/** One role for every operand, or roles by position. */
export type OperandsSource =
  | Role
  | { first?: Role | undefined; second?: Role | undefined; rest?: Role | undefined; last?: Role | undefined };

const operandsSchema: z.ZodType<OperandsSource> = z.union([
  roleSchema,
  z.strictObject({
    first: roleSchema.optional(),
    second: roleSchema.optional(),
    rest: roleSchema.optional(),
    last: roleSchema.optional(),
  }),
]);

const MARKS = ['recursive', 'force', 'create', 'extract'] as const;
export type Mark = (typeof MARKS)[number];

/** One flag as written in a table. */
export interface FlagSource {
  value?: 'none' | 'required' | 'optional' | 'rest' | undefined;
  role?: Role | undefined;
  tier?: Tier | undefined;
  readonly?: boolean | undefined;
  help?: boolean | undefined;
  always?: boolean | undefined;
  readonlyValues?: string | undefined;
  values?: Record<string, Tier> | undefined;
  marks?: Mark[] | undefined;
  operands?: OperandsSource | undefined;
  rewrites?: boolean | undefined;
  deny?: string | undefined;
}

const flagSchema: z.ZodType<FlagSource> = z.strictObject({
  value: z.enum(['none', 'required', 'optional', 'rest']).optional(),
  role: roleSchema.optional(),
  tier: tierSchema.optional(),
  readonly: z.boolean().optional(),
  help: z.boolean().optional(),
  always: z.boolean().optional(),
  readonlyValues: z.string().optional(),
  values: z.record(z.string(), tierSchema).optional(),
  marks: z.array(z.enum(MARKS)).optional(),
  operands: operandsSchema.optional(),
  rewrites: z.boolean().optional(),
  deny: z.string().optional(),
});

/** How a command runs another one. */
export interface WrapperSource {
  skip?: number | undefined;
  inner?: 'argv' | 'shell' | 'shell-or-argv' | undefined;
  floor?: Tier | undefined;
  empty?: Tier | undefined;
  assignments?: boolean | undefined;
  appends?: boolean | undefined;
  remote?: boolean | undefined;
  afterDashes?: boolean | undefined;
}

const wrapperSchema: z.ZodType<WrapperSource> = z.strictObject({
  skip: z.number().int().min(0).max(8).optional(),
  inner: z.enum(['argv', 'shell', 'shell-or-argv']).optional(),
  floor: tierSchema.optional(),
  empty: tierSchema.optional(),
  assignments: z.boolean().optional(),
  appends: z.boolean().optional(),
  remote: z.boolean().optional(),
  afterDashes: z.boolean().optional(),
});

/** One command or subcommand as written in a table. */
export interface CommandSource {
  tier?: Tier | undefined;
  highest?: Tier | undefined;
  style?: Style | undefined;
  oldStyle?: boolean | undefined;
  numeric?: boolean | undefined;
  plus?: boolean | undefined;
  switches?: string | undefined;
  options?: string | undefined;
  flags?: Record<string, FlagSource> | undefined;
  operands?: OperandsSource | undefined;
  keys?: Record<string, Role> | undefined;
  arity?: Record<string, Tier> | undefined;
  dashes?: Tier | undefined;
  matches?:
    | {
        glob: string;
        tier: Tier;
        at?: number | undefined;
        deny?: string | undefined;
        below?: boolean | undefined;
      }[]
    | undefined;
  subcommands?: Record<string, CommandSource> | undefined;
  otherSubcommand?: Tier | undefined;
  bare?: Tier | undefined;
  interactive?: Tier | undefined;
  abbreviateSubcommands?: boolean | undefined;
  wrapper?: WrapperSource | undefined;
  handler?: HandlerName | undefined;
  stdin?: Role | undefined;
  anyFlags?: boolean | undefined;
  verbs?: Record<string, Tier> | undefined;
  otherVerb?: Tier | undefined;
  opaque?: Tier | undefined;
  strictOperands?: boolean | undefined;
  sameAs?: string | undefined;
  marks?: Mark[] | undefined;
  note?: string | undefined;
}

const commandSchema: z.ZodType<CommandSource> = z.lazy(() =>
  z.strictObject({
    tier: tierSchema.optional(),
    highest: tierSchema.optional(),
    style: z.enum(STYLES).optional(),
    oldStyle: z.boolean().optional(),
    numeric: z.boolean().optional(),
    plus: z.boolean().optional(),
    switches: z.string().optional(),
    options: z.string().optional(),
    flags: z.record(z.string(), flagSchema).optional(),
    operands: operandsSchema.optional(),
    keys: z.record(z.string(), roleSchema).optional(),
    arity: z.record(z.string(), tierSchema).optional(),
    dashes: tierSchema.optional(),
    matches: z
      .array(
        z.strictObject({
          glob: z.string(),
          tier: tierSchema,
          at: z.number().int().min(0).max(8).optional(),
          deny: z.string().optional(),
          below: z.boolean().optional(),
        }),
      )
      .optional(),
    subcommands: z.record(z.string(), commandSchema).optional(),
    otherSubcommand: tierSchema.optional(),
    bare: tierSchema.optional(),
    interactive: tierSchema.optional(),
    abbreviateSubcommands: z.boolean().optional(),
    wrapper: wrapperSchema.optional(),
    handler: z.enum(HANDLERS).optional(),
    stdin: roleSchema.optional(),
    anyFlags: z.boolean().optional(),
    verbs: z.record(z.string(), tierSchema).optional(),
    otherVerb: tierSchema.optional(),
    opaque: tierSchema.optional(),
    strictOperands: z.boolean().optional(),
    sameAs: z.string().optional(),
    marks: z.array(z.enum(MARKS)).optional(),
    note: z.string().optional(),
  }),
);

/** One file of `tables/`: commands of one family, and environment variables that change what commands do. */
export interface TableSource {
  family: string;
  commands: Record<string, CommandSource>;
  environment?: Record<string, { tier?: Tier | undefined; role?: Role | undefined }> | undefined;
}

export const tableSchema: z.ZodType<TableSource> = z.strictObject({
  family: z.string().min(1),
  commands: z.record(z.string(), commandSchema),
  environment: z
    .record(z.string(), z.strictObject({ tier: tierSchema.optional(), role: roleSchema.optional() }))
    .optional(),
});
