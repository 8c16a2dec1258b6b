import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CYCLE, REDACTED, TOO_DEEP, TRUNCATED, UNREADABLE } from './marker.ts';
import { redact, redactText } from './redact.ts';
import { DEPTH_MAX, NODES_MAX, TOTAL_CHARS_MAX } from './structure.ts';
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

describe('redact on text with invisible parts', () => {
  const invisible = fc.constantFrom(
    '\u001b[0m',
    '\u001b[38;5;196m',
    '\u009b1K',
    '\u200b',
    '\u00ad',
    '\\u001b[1m',
  );

  it('sees the word that a control sequence splits, and keeps every visible harmless word', () => {
    fc.assert(
      fc.property(invisible, fc.nat(20), (mark, at) => {
        const text = 'password: Zz81kkQwMm';
        const cut = Math.min(at, text.length);
        const answer = redactText(`before ${text.slice(0, cut)}${mark}${text.slice(cut)} after`);
        expect(answer.replaceAll(mark, '')).not.toMatch(/Zz81|kkQw|QwMm/);
        expect(answer).toMatch(/^before .* after$/);
      }),
      { numRuns: RUNS },
    );
  });

  it('leaves coloured text without secrets as it is', () => {
    const text = '\u001b[32mok\u001b[0m 31 \u001b[1mpassed\u001b[0m';
    expect(redactText(text)).toBe(text);
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

  it('copies as many nodes as the bound, and marks one more', () => {
    const list = (nodes: number): unknown[] =>
      redact(Array.from({ length: nodes - 1 }, () => 0)) as unknown[];
    expect(list(NODES_MAX).at(-1)).toBe(0);
    expect(list(NODES_MAX + 1).at(-1)).toBe(TRUNCATED);
    expect(list(NODES_MAX + 5_000)).toHaveLength(NODES_MAX);
  });

  it('reads as many characters of all strings as the bound, and drops the string that goes one past', () => {
    const first = 'x '.repeat((TOTAL_CHARS_MAX - 2) / 2);
    const value = (last: string): unknown => ({ pw: [first.slice(0, -2), last] });
    expect(redact(value('ab'))).toEqual({ pw: [REDACTED, REDACTED] });
    expect(redact(value('abc'))).toEqual({ pw: [REDACTED, TRUNCATED] });
  });

  it('reads text up to the bound, and cuts the text that goes one past', () => {
    const text = 'word '.repeat(TEXT_CHARS_MAX / 5 + 1).slice(0, TEXT_CHARS_MAX);
    expect(redactText(text)).toBe(text);
    expect(redactText(`${text}x`).endsWith(TRUNCATED)).toBe(true);
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
    '：',
    "auth=('a','",
    'mysql -p',
    'net use \\\\a ',
    '\u001b[',
    'password=a\\\n',
    'AAAA\n-----END RSA PRIVATE KEY-----\n',
    'cGFzc3dvcmQ9YWJjZGVm ',
  ])('reads 256 KiB of %j in linear time', (piece) => {
    const text = piece.repeat(262_144 / piece.length);
    const started = process.cpuUsage().user;
    redactText(text);
    expect(process.cpuUsage().user - started).toBeLessThan(4_000_000);
  });
});
