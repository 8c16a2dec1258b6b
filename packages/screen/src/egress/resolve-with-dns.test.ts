import { describe, expect, it } from 'vitest';
import { resolveWithDns } from './resolve-with-dns.ts';

describe('resolveWithDns', () => {
  it('returns addresses of a name the machine knows', async () => {
    const addresses = await resolveWithDns('localhost');
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.every((address) => address === '127.0.0.1' || address === '::1')).toBe(true);
  });

  it('rejects a name that does not exist', async () => {
    await expect(resolveWithDns('no-such-host.invalid')).rejects.toThrow();
  });
});
