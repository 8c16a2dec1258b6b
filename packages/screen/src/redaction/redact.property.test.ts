import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CYCLE, REDACTED, TOO_DEEP, TRUNCATED, UNREADABLE } from './marker.ts';
import { redact, redactText } from './redact.ts';
import { DEPTH_MAX } from './structure.ts';
import { TEXT_CHARS_MAX } from './text.ts';

const RUNS = 150;

describe('redact', () => {
  it('changes nothing when applied again', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const once = redact(value);
        expect(redact(once)).toEqual(once);
      }),
      { numRuns: RUNS },
    );
  });

  it('changes nothing when applied again to text full of separators', () => {
    const piece = fc.constantFrom(
      'password',
      'token',
      '=',
      ':',
      ' ',
      '"',
      "'",
      '\n',
      '[',
      '{',
      '-p',
      '\\',
      'Aa1',
      '%3D',
      '&',
      '--secret',
      REDACTED,
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const once = redactText(pieces.join(''));
        expect(redactText(once)).toBe(once);
      }),
      { numRuns: 600 },
    );
  });

  it('never throws, and answers what JSON can carry', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
        }),
        (value) => {
          const answer = redact(value);
          expect(() => JSON.stringify(answer)).not.toThrow();
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('lets no text under a secret name survive, whatever the text', () => {
    const name = fc.constantFrom(
      'password',
      'apiKey',
      'DB_PASSWD',
      'x-auth-token',
      'clientSecret',
      'AWSSecretAccessKey',
    );
    fc.assert(
      fc.property(name, fc.string({ minLength: 1 }), (key, secret) => {
        expect(redact({ [key]: secret })).toEqual({ [key]: REDACTED });
        expect(redact({ name: key, value: secret })).toEqual({ name: key, value: REDACTED });
      }),
      { numRuns: RUNS },
    );
  });

  it('lets no word behind a secret name survive in text', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{4}7[A-Za-z0-9!?*+~]{4,12}x$/);
    const frame = fc.constantFrom(
      'password=@',
      'token: @',
      '"api_key":"@"',
      "secret = '@'",
      '--passphrase @',
      'mysql -p@',
      'a://u:@/@h',
    );
    fc.assert(
      fc.property(secret, frame, (value, text) => {
        expect(redactText(`x ${text.replace('@', () => value)} y`)).not.toContain(value);
      }),
      { numRuns: RUNS },
    );
  });

  it('leaves identifiers, digests and numbers alone', () => {
    const harmless = fc.oneof(
      fc.uuid(),
      fc.stringMatching(/^[0-9a-f]{40}$/),
      fc.integer(),
      fc.ipV4(),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.stringMatching(/^[a-z]{3,8}(-[a-z]{3,8}){0,3}$/),
    );
    fc.assert(
      fc.property(
        fc.constantFrom('passenger', 'hotpatch', 'bypass', 'compass', 'keyboard', 'x'),
        harmless,
        (key, value) => {
          expect(redact({ [key]: value })).toEqual({ [key]: value });
        },
      ),
      { numRuns: RUNS },
    );
  });
});

describe('redact on hostile values', () => {
  it('marks a cycle, but not a value that is merely shared', () => {
    const shared = { a: 1 };
    const cyclic: Record<string, unknown> = { x: shared, y: shared };
    cyclic['self'] = cyclic;
    expect(redact(cyclic)).toEqual({ x: { a: 1 }, y: { a: 1 }, self: CYCLE });
  });

  it('marks what is nested one deeper than the bound', () => {
    const nest = (depth: number): unknown => (depth === 0 ? 'leaf' : [nest(depth - 1)]);
    expect(JSON.stringify(redact(nest(DEPTH_MAX)))).toContain('leaf');
    expect(JSON.stringify(redact(nest(DEPTH_MAX + 1)))).toContain(TOO_DEEP);
  });

  it('survives getters that throw, revoked proxies and foreign toJSON', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const value = {
      get bad(): never {
        throw new Error('no');
      },
      proxy,
      json: { toJSON: () => ({ password: 'Zz81kk' }) },
    };
    expect(redact(value)).toEqual({ bad: UNREADABLE, proxy: UNREADABLE, json: { password: REDACTED } });
  });

  it('keeps `__proto__` an ordinary key', () => {
    const answer = redact(JSON.parse('{"__proto__":{"password":"Zz81kk","a":1}}')) as object;
    expect(Object.getPrototypeOf(answer)).toBe(Object.prototype);
    expect(JSON.stringify(answer)).toBe('{"__proto__":{"password":"[REDACTED]","a":1}}');
  });

  it('drops what lies beyond the text bound', () => {
    const text = redactText(`${'word '.repeat(TEXT_CHARS_MAX / 5 + 10)}password=Zz81kk`);
    expect(text.length).toBeLessThanOrEqual(TEXT_CHARS_MAX);
    expect(text.endsWith(TRUNCATED)).toBe(true);
    expect(redactText(text)).toBe(text);
  });

  it.each([
    'a',
    '=',
    '"',
    '\\"',
    '-----BEGIN',
    'eyJ',
    '%25',
    '%3D',
    '[',
    'a://',
    'token=[\n',
    'token="',
    '<password>',
    'AKIA',
    '--password ',
    ': ',
  ])('reads 256 KiB of %j in linear time', (piece) => {
    const text = piece.repeat(262_144 / piece.length);
    const started = process.cpuUsage().user;
    redactText(text);
    expect(process.cpuUsage().user - started).toBeLessThan(4_000_000);
  });
});
