import { z } from 'zod';

/** Who acts: `kind:name`, for example `agent:deploy-bot`, `operator:anna`, `server:praxis`. */
export type Principal = string;

/** The longest principal accepted, in UTF-16 code units. */
export const PRINCIPAL_LENGTH_MAX = 256;

/** Reads a principal: a kind that begins with a letter, a colon, and a name without blanks or control characters. */
export const principalSchema: z.ZodType<Principal> = z
  .string()
  .min(1)
  .max(PRINCIPAL_LENGTH_MAX)
  .regex(/^[A-Za-z][\w.-]*:[^\s\p{Cc}]+$/u);
