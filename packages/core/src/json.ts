/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
/** An object that JSON can hold. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** True for a plain JSON object: neither null, nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
