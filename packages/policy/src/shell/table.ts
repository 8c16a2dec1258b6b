import { type Tier, tierRank } from '@praxis/core';
import { ShellTableError } from './errors.ts';
import { parseTableYaml, TABLE_DOCUMENTS, type TableDocument } from './table-documents.ts';
import {
  type CommandSource,
  type FlagSource,
  type HandlerName,
  type Mark,
  type OperandsSource,
  type Role,
  type Style,
  tableSchema,
  type TableSource,
  type WrapperSource,
} from './table-schema.ts';

/** One flag as the classifier uses it; ranks are 0 (`T0`) to 3 (`T3`). */
export interface FlagRule {
  readonly name: string;
  readonly value: 'none' | 'required' | 'optional' | 'rest';
  readonly role: Role | null;
  readonly rank: number;
  readonly isReadonly: boolean;
  /** Prints about the program and ends, when no operand is given: like `--help`. */
  readonly isHelp: boolean;
  /** The role of its value counts beside a read-only flag too. */
  readonly isAlways: boolean;
  readonly readonlyValues: ReadonlySet<string> | null;
  readonly valueRanks: ReadonlyMap<string, number> | null;
  readonly marks: readonly Mark[];
  readonly operands: OperandRoles | null;
  readonly rewrites: boolean;
  readonly deny: string | null;
}

/** Which role the operand at each position has. */
export interface OperandRoles {
  readonly first: Role | null;
  readonly second: Role | null;
  readonly rest: Role;
  readonly last: Role | null;
}

export interface OperandMatch {
  readonly glob: string;
  readonly rank: number;
  readonly at: number | null;
  readonly deny: string | null;
  /** It holds for subcommands too, and says nothing about what an unknown flag may do. */
  readonly below: boolean;
}

/** One command or subcommand, compiled. `id` names the entry, as in `git push`. */
export interface CommandRule {
  readonly id: string;
  readonly family: string;
  readonly parent: CommandRule | null;
  readonly rank: number;
  readonly highest: number;
  readonly style: Style;
  readonly oldStyle: boolean;
  readonly numeric: boolean;
  readonly plus: boolean;
  readonly flags: ReadonlyMap<string, FlagRule>;
  readonly operands: OperandRoles;
  readonly keys: ReadonlyMap<string, Role> | null;
  readonly arity: readonly (readonly [number, number])[];
  /** Rank when operands follow `--`. */
  readonly dashesRank: number;
  readonly matches: readonly OperandMatch[];
  readonly subcommands: ReadonlyMap<string, CommandRule> | null;
  readonly otherRank: number;
  readonly bareRank: number;
  /** Rank where no code was given in a flag and none is piped in: a person types it. */
  readonly interactiveRank: number;
  readonly abbreviateSubcommands: boolean;
  readonly wrapper: WrapperSource | null;
  readonly handler: HandlerName | null;
  readonly stdin: Role | null;
  /** Flags that are not listed are harmless; the word after one may be its value. */
  readonly anyFlags: boolean;
  readonly verbs: readonly VerbRule[];
  readonly otherVerbRank: number;
  /** Names of subcommands that are patterns, in the order of the table. */
  readonly patternSubcommands: readonly (readonly [string, CommandRule])[];
  readonly opaqueRank: number;
  readonly strictOperands: boolean;
  readonly marks: readonly Mark[];
}

/** Operands that name what is done to a resource, as in `gcloud compute instances delete`. */
export interface VerbRule {
  readonly glob: string;
  readonly rank: number;
}

export interface VariableRule {
  readonly rank: number;
  readonly role: Role | null;
}

export interface Tables {
  readonly commands: ReadonlyMap<string, CommandRule>;
  readonly variables: ReadonlyMap<string, VariableRule>;
}

/** Compiles the tables beside this module. Throws `ShellTableError` when one is not valid. */
export function loadTables(): Tables {
  return compileTables(TABLE_DOCUMENTS.tables.map(validateTable));
}

/** Reads one table. Throws `SHELL_TABLE_INVALID` with the file and what is wrong in it. */
export function parseTable(text: string, file: string): TableSource {
  return validateTable({ file, document: parseTableYaml(text, file) });
}

function validateTable({ file, document }: TableDocument): TableSource {
  const result = tableSchema.safeParse(document);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new ShellTableError('SHELL_TABLE_INVALID', `${file}: ${issue?.path.join('.')}: ${issue?.message}`);
}

interface Entry {
  readonly source: CommandSource;
  readonly family: string;
}

/** Compiles tables: expands names, `sameAs` and inherited values, and computes the highest tiers. */
export function compileTables(sources: readonly TableSource[]): Tables {
  const entries = new Map<string, Entry>();
  const variables = new Map<string, VariableRule>();
  for (const table of sources) {
    for (const [names, source] of Object.entries(table.commands)) {
      for (const name of names.split(' ')) {
        if (entries.has(name))
          throw new ShellTableError('SHELL_TABLE_DUPLICATE', `${table.family}: ${name} stands twice`);
        entries.set(name, { source, family: table.family });
      }
    }
    for (const [name, variable] of Object.entries(table.environment ?? {})) {
      variables.set(name, { rank: rankOr(variable.tier, 0), role: variable.role ?? null });
    }
  }
  const commands = new Map<string, CommandRule>();
  const compiled = new Map<CommandSource, CommandRule>();
  for (const [name, entry] of entries) {
    const shared = compiled.get(entry.source);
    const rule = shared ?? compileCommand(name, resolveSame(entry.source, entries, 0), entry.family, null);
    if (shared === undefined) compiled.set(entry.source, rule);
    // Names of one entry share everything below it.
    commands.set(name, shared === undefined ? rule : { ...rule, id: name });
  }
  return { commands, variables };
}

function resolveSame(
  source: CommandSource,
  entries: ReadonlyMap<string, Entry>,
  depth: number,
): CommandSource {
  if (source.sameAs === undefined) return source;
  const path = source.sameAs.split(' ');
  let base = entries.get(path[0] ?? '')?.source;
  if (base !== undefined && depth < 8) base = resolveSame(base, entries, depth + 1);
  for (const name of path.slice(1)) base = subcommandSource(base, name);
  if (base === undefined || depth >= 8) {
    throw new ShellTableError(
      'SHELL_TABLE_UNKNOWN_REFERENCE',
      `sameAs: ${source.sameAs} is not in any table`,
    );
  }
  const merged: CommandSource = { ...base, ...source };
  delete merged.sameAs;
  if (base.flags !== undefined && source.flags !== undefined)
    merged.flags = { ...base.flags, ...source.flags };
  if (base.subcommands !== undefined && source.subcommands !== undefined) {
    merged.subcommands = { ...base.subcommands, ...source.subcommands };
  }
  return merged;
}

function subcommandSource(source: CommandSource | undefined, name: string): CommandSource | undefined {
  const found = Object.entries(source?.subcommands ?? {}).find(([names]) => names.split(' ').includes(name));
  return found?.[1];
}

function rankOr(tier: Tier | undefined, fallback: number): number {
  return tier === undefined ? fallback : tierRank(tier);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function compileCommand(
  id: string,
  source: CommandSource,
  family: string,
  parent: CommandRule | null,
): CommandRule {
  const rank = rankOr(source.tier, parent?.rank ?? 0);
  const flags = compileFlags(source);
  const rule: Mutable<CommandRule> = {
    id,
    family,
    parent,
    rank,
    highest: 0,
    style: source.style ?? parent?.style ?? 'gnu',
    oldStyle: source.oldStyle ?? false,
    numeric: source.numeric ?? false,
    plus: source.plus ?? false,
    flags,
    operands: compileOperands(source.operands),
    keys: source.keys === undefined ? null : new Map(Object.entries(source.keys)),
    arity: Object.entries(source.arity ?? {})
      .map(([count, tier]) => [Number(count), tierRank(tier)] as const)
      .sort((a, b) => a[0] - b[0]),
    dashesRank: rankOr(source.dashes, 0),
    matches: compileMatches(source.matches, parent),
    subcommands: null,
    otherRank: 0,
    bareRank: rankOr(source.bare, source.arity?.['0'] === undefined ? rank : tierRank(source.arity['0'])),
    interactiveRank: rankOr(source.interactive, 0),
    abbreviateSubcommands: source.abbreviateSubcommands ?? false,
    wrapper: source.wrapper ?? null,
    handler: source.handler ?? null,
    stdin: source.stdin ?? null,
    anyFlags: source.anyFlags ?? parent?.anyFlags ?? false,
    verbs: compileVerbs(source.verbs),
    otherVerbRank: 0,
    patternSubcommands: [],
    opaqueRank: rankOr(source.opaque, 0),
    strictOperands: source.strictOperands ?? false,
    marks: source.marks ?? [],
  };
  if (source.subcommands !== undefined) rule.subcommands = compileSubcommands(source.subcommands, rule);
  rule.highest = rankOr(source.highest, computeHighest(rule));
  rule.otherRank = rankOr(source.otherSubcommand, rule.highest);
  rule.otherVerbRank = rankOr(source.otherVerb, rule.highest);
  rule.patternSubcommands = [...(rule.subcommands ?? [])].filter(([name]) => name.includes('*'));
  return rule;
}

/** The patterns of a command, and those of its parents that hold below them too. */
function compileMatches(source: CommandSource['matches'], parent: CommandRule | null): OperandMatch[] {
  const own = (source ?? []).map(({ glob, tier, at, deny, below }) => ({
    glob,
    rank: tierRank(tier),
    at: at ?? null,
    deny: deny ?? null,
    below: below ?? false,
  }));
  return [...own, ...(parent?.matches ?? []).filter((match) => match.below)];
}

function compileVerbs(source: Record<string, Tier> | undefined): VerbRule[] {
  return Object.entries(source ?? {}).flatMap(([names, tier]) =>
    namesIn(names).map((glob) => ({ glob, rank: tierRank(tier) })),
  );
}

function compileSubcommands(
  sources: Record<string, CommandSource>,
  parent: CommandRule,
): Map<string, CommandRule> {
  const rules = new Map<string, CommandRule>();
  for (const [names, source] of Object.entries(sources)) {
    const resolved = source.sameAs === undefined ? source : resolveSibling(source, sources, parent);
    const list = names.split(' ');
    const shared = compileCommand(`${parent.id} ${list[0] ?? names}`, resolved, parent.family, parent);
    for (const name of list) {
      if (rules.has(name))
        throw new ShellTableError('SHELL_TABLE_DUPLICATE', `${parent.id} ${name} stands twice`);
      rules.set(name, { ...shared, id: `${parent.id} ${name}` });
    }
  }
  return rules;
}

/** Inside `subcommands`, `sameAs` names a sibling. */
function resolveSibling(
  source: CommandSource,
  siblings: Record<string, CommandSource>,
  parent: CommandRule,
): CommandSource {
  const base = subcommandSource({ subcommands: siblings }, source.sameAs ?? '');
  if (base === undefined || base.sameAs !== undefined) {
    throw new ShellTableError(
      'SHELL_TABLE_UNKNOWN_REFERENCE',
      `${parent.id}: sameAs ${source.sameAs} is no sibling`,
    );
  }
  const merged: CommandSource = { ...base, ...source };
  delete merged.sameAs;
  return merged;
}

const CHANGING_ROLES: ReadonlySet<Role> = new Set<Role>([
  'write',
  'write-tree',
  'archive',
  'transfer-target',
  'extract-directory',
  'create',
  'move',
  'metadata',
  'git-config',
  'assignment',
]);
const RUNNING_ROLES: ReadonlySet<Role> = new Set<Role>(
  'delete device execute shell argv words checkpoint-action filter transport vim-operand pager-operand awk sed vim environment ssh-option powershell cmd trap alias code:python code:perl code:ruby code:node code:php code:lua sql:psql sql:mysql sql:sqlite3 sql:mongosh'.split(
    ' ',
  ) as Role[],
);

function roleRank(role: Role | null): number {
  if (role === null) return 0;
  if (RUNNING_ROLES.has(role)) return 3;
  return CHANGING_ROLES.has(role) ? 2 : 0;
}

/** What an unknown flag of this command may do at worst: the worst that any known form does. */
function computeHighest(rule: CommandRule): number {
  const ranks = [rule.rank, rule.bareRank, rule.dashesRank, rule.opaqueRank, rule.wrapper === null ? 0 : 3];
  for (const [, rank] of rule.arity) ranks.push(rank);
  for (const match of rule.matches) if (!match.below) ranks.push(match.rank);
  for (const verb of rule.verbs) ranks.push(verb.rank);
  for (const role of [rule.operands.first, rule.operands.second, rule.operands.rest, rule.operands.last])
    ranks.push(roleRank(role));
  for (const role of rule.keys?.values() ?? []) ranks.push(roleRank(role));
  for (const flag of rule.flags.values()) {
    ranks.push(flag.rank, roleRank(flag.role), flag.rewrites ? 2 : 0, ...(flag.valueRanks?.values() ?? []));
  }
  for (const sub of rule.subcommands?.values() ?? []) ranks.push(sub.highest);
  return Math.max(...ranks);
}

const PLAIN_ROLES: OperandRoles = { first: null, second: null, rest: 'text', last: null };

function compileOperands(source: OperandsSource | undefined): OperandRoles {
  if (source === undefined) return PLAIN_ROLES;
  if (typeof source === 'string') return { first: null, second: null, rest: source, last: null };
  return {
    first: source.first ?? null,
    second: source.second ?? null,
    rest: source.rest ?? 'text',
    last: source.last ?? null,
  };
}

function compileFlags(source: CommandSource): Map<string, FlagRule> {
  const flags = new Map<string, FlagRule>();
  for (const name of namesIn(source.switches)) flags.set(name, compileFlag(name, {}));
  for (const name of namesIn(source.options)) flags.set(name, compileFlag(name, { value: 'required' }));
  for (const [names, flag] of Object.entries(source.flags ?? {})) {
    const list = namesIn(names);
    const rule = compileFlag(list[0] ?? names, flag);
    for (const name of list) flags.set(name, rule);
  }
  return flags;
}

function namesIn(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((name) => name !== '');
}

function compileFlag(name: string, source: FlagSource): FlagRule {
  const takesValue =
    source.role !== undefined || source.values !== undefined || source.readonlyValues !== undefined;
  return {
    name,
    value: source.value ?? (takesValue ? 'required' : 'none'),
    role: source.role ?? null,
    rank: rankOr(source.tier, 0),
    isReadonly: source.readonly ?? false,
    isHelp: source.help ?? false,
    isAlways: source.always ?? false,
    readonlyValues: source.readonlyValues === undefined ? null : new Set(namesIn(source.readonlyValues)),
    valueRanks:
      source.values === undefined
        ? null
        : new Map(Object.entries(source.values).map(([value, tier]) => [value, tierRank(tier)])),
    marks: source.marks ?? [],
    operands: source.operands === undefined ? null : compileOperands(source.operands),
    rewrites: source.rewrites ?? false,
    deny: source.deny ?? null,
  };
}
