/** The environment as a program receives it. */
export type Env = Readonly<Record<string, string | undefined>>;

const TRUTHY = new Set(['1', 'true', 'yes', 'on']);

/** A trimmed value; blank counts as unset. */
export function text(env: Env, name: string): string | null {
  const value = (env[name] ?? '').trim();
  return value === '' ? null : value;
}

/** `1`, `true`, `yes`, `on` in any case are true; anything else that is set is false. */
export function flag(env: Env, name: string, whenUnset: boolean): boolean {
  const value = text(env, name);
  return value === null ? whenUnset : TRUTHY.has(value.toLowerCase());
}

/** A whole number of at least `min`; what is not one falls back to `fallback`. */
export function wholeNumber(env: Env, name: string, min: number, fallback: number): number {
  const value = text(env, name);
  if (value === null || !/^\d{1,15}$/.test(value)) return fallback;
  const number = Number(value);
  return number >= min ? number : fallback;
}

/** A positive ceiling; zero, negative or junk is no ceiling. */
export function ceiling(env: Env, name: string): number | null {
  const value = text(env, name);
  if (value === null || !/^\d{1,15}(?:\.\d{1,6})?$/.test(value)) return null;
  const number = Number(value);
  return number > 0 ? number : null;
}
