import { FactError } from './errors.ts';

/**
 * An error about a field with the name the caller wrote: `valid_to`, not `validTo`. `names` are those that are not just
 * written otherwise, by the name they have in this package. Anything else comes back as it is.
 */
export function inWireNames(error: unknown, names: Readonly<Record<string, string>> = {}): unknown {
  if (!(error instanceof FactError)) return error;
  const { field } = error.fields;
  if (typeof field !== 'string') return error;
  const wireName = Object.hasOwn(names, field) ? names[field] : snakeCase(field);
  const quoted = `\`${field}\``;
  if (wireName === undefined || wireName === field || !error.message.startsWith(quoted)) return error;
  return new FactError(error.code, `\`${wireName}\`${error.message.slice(quoted.length)}`, {
    cause: error,
    fields: { ...error.fields, field: wireName },
  });
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
