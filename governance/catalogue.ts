import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const id = (prefix: string): z.ZodString => z.string().regex(new RegExp(`^${prefix}-[1-9]\\d?$`));
const text = z.string().min(10);
const path = z.string().regex(/^[\w@.-]+(?:\/[\w@.-]+)+\.(?:ts|mjs|yaml)$/);

const lossSchema = z.strictObject({ id: id('L'), statement: text });

const hazardSchema = z.strictObject({
  id: id('H'),
  statement: text,
  losses: z.array(id('L')).min(1),
  constraint: id('SC'),
});

const constraintsSchema = z.strictObject({
  system: z.array(z.strictObject({ id: id('SC'), statement: text })),
  security: z.array(
    z.strictObject({
      id: id('SEC'),
      statement: text,
      refines: z.array(id('SC')).min(1),
      invariants: z.array(z.int().min(1).max(9)).min(1),
    }),
  ),
});

/** A test by its file and the text it is declared with. */
const provingTestSchema = z.strictObject({ file: path, name: z.string().min(1) });

const invariantSchema = z.strictObject({
  id: z.int().min(1).max(9),
  statement: text,
  constraints: z.array(id('SEC')).min(1),
  modules: z.array(path).min(1),
  tests: z.array(provingTestSchema).min(1),
});

const unsafeControlActionSchema = z.strictObject({
  id: id('UCA'),
  statement: text,
  /** What can do it: `tool:NAME`, `adapter:NAME`, `operator:OP`, or `act:NAME` for what praxis does by itself. */
  covers: z.array(z.string().regex(/^(?:tool|adapter|operator|act):[\w.-]+$/)).min(1),
  hazards: z.array(id('H')).min(1),
  constraints: z.array(id('SEC')).min(1),
  status: z.enum(['enforced', 'planned-adapter']),
  /** How it is kept from happening, in a sentence or two. */
  mechanism: text,
  modules: z.array(path).min(1),
  tests: z.array(provingTestSchema).min(1),
});

const catalogueSchema = z.strictObject({
  losses: z.array(lossSchema),
  hazards: z.array(hazardSchema),
  constraints: constraintsSchema,
  invariants: z.array(invariantSchema),
  unsafeControlActions: z.array(unsafeControlActionSchema),
});

/** The hazard analysis: what must not happen, and where in the code it is kept from happening. */
export type Catalogue = z.infer<typeof catalogueSchema>;
export type ProvingTest = z.infer<typeof provingTestSchema>;

const FILES: Readonly<Record<keyof Catalogue, string>> = {
  losses: 'losses.yaml',
  hazards: 'hazards.yaml',
  constraints: 'constraints.yaml',
  invariants: 'invariants.yaml',
  unsafeControlActions: 'unsafe-control-actions.yaml',
};

/** Reads the analysis from its files. Throws a `ZodError` that names every entry that has not its shape. */
export function readCatalogue(directory: string): Catalogue {
  const read = Object.entries(FILES).map(
    ([key, file]) => [key, parse(readFileSync(join(directory, file), 'utf8'))] as const,
  );
  return catalogueSchema.parse(Object.fromEntries(read));
}
