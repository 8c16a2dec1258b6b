import { type Tier, TIERS } from '@praxis/core';
import { z } from 'zod';
import { TABLE_DOCUMENTS } from '../table-documents.ts';

const tier: z.ZodType<Tier> = z.enum(['T0', 'T1', 'T2', 'T3']);

/** Words separated by white space. */
const words = z.string().transform((text) => text.trim().split(/\s+/));
const wordsByTier = z.partialRecord(tier, words);
const formsByTier = z.partialRecord(tier, z.array(z.string().min(1)));

type ByTier = Partial<Record<Tier, readonly string[]>>;

/** The table of Windows as its file holds it. */
export interface WindowsTable {
  readonly powershell: {
    readonly aliases: Readonly<Record<string, readonly string[]>>;
    readonly verbs: ByTier;
    readonly cmdlets: ByTier;
    readonly diskWipes: readonly string[];
    readonly previewed: readonly string[];
    readonly writers: Readonly<
      Record<string, { readonly parameters: readonly string[]; readonly position: number }>
    >;
    readonly switches: readonly string[];
  };
  readonly programs: Readonly<
    Record<
      string,
      {
        readonly bare: Tier;
        readonly other: Tier;
        readonly verbs?: ByTier | undefined;
        readonly raises?: ByTier | undefined;
        readonly reports?: readonly string[] | undefined;
      }
    >
  >;
  readonly portable: readonly string[];
}

const schema: z.ZodType<WindowsTable> = z.strictObject({
  powershell: z.strictObject({
    aliases: z.record(z.string(), words),
    verbs: wordsByTier,
    cmdlets: wordsByTier,
    diskWipes: words,
    previewed: words,
    writers: z.record(z.string(), z.strictObject({ parameters: words, position: z.int().min(0) })),
    switches: words,
  }),
  programs: z.record(
    z.string(),
    z.strictObject({
      bare: tier,
      other: tier,
      verbs: formsByTier.optional(),
      raises: formsByTier.optional(),
      reports: z.array(z.string().min(1)).optional(),
    }),
  ),
  portable: words,
});

/** What `windows.yaml` says, held against its schema when the module loads. Throws when it does not fit. */
export const WINDOWS: WindowsTable = schema.parse(TABLE_DOCUMENTS.windows.document);

/** Lists by tier turned round: the tier of each entry. A later, higher tier wins over an earlier one. */
export function tierOfEach(lists: ByTier): ReadonlyMap<string, Tier> {
  return new Map(TIERS.flatMap((name) => (lists[name] ?? []).map((entry): [string, Tier] => [entry, name])));
}
