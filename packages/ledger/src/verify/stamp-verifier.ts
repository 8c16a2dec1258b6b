/** Checks one kind of stamp: resolves to its time (ISO 8601), rejects when the stamp is not good. */
export type StampVerifier = (token: Uint8Array, note: string) => Promise<{ readonly time: string }>;
