import { readFileSync } from 'node:fs';
import { systemClock } from '@praxis/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exceptionKey, judgeEgress, RESOLVED_ADDRESSES_MAX, type Resolver } from './judge.ts';
import { parseDestination, URL_LENGTH_MAX } from './destination.ts';

interface Vector {
  id: string;
  input: string;
  expect: 'allow' | 'block';
  resolves_to?: string[];
}

const VECTORS = new URL('../../../../vectors/', import.meta.url);
const readVectors = (name: string): Vector[] =>
  readFileSync(new URL(name, VECTORS), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Vector);

const answering =
  (addresses: readonly string[] | undefined): Resolver =>
  () =>
    addresses === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(addresses);
const PUBLIC: Resolver = answering(['151.101.1.69']);

describe('judgeEgress on the vectors', () => {
  for (const [file, atLeast] of [
    ['egress.jsonl', 20],
    ['egress-more.jsonl', 150],
    ['egress-fresh.jsonl', 150],
  ] as const) {
    it(`answers every case of ${file}`, async () => {
      const vectors = readVectors(file);
      expect(vectors.length).toBeGreaterThanOrEqual(atLeast);
      const wrong: string[] = [];
      for (const vector of vectors) {
        const { verdict, reason, pinned } = await judgeEgress(vector.input, answering(vector.resolves_to));
        const isPinned =
          vector.resolves_to === undefined ||
          verdict === 'block' ||
          pinned.join() === vector.resolves_to.join();
        if (verdict !== vector.expect || !isPinned)
          wrong.push(`${vector.id} ${vector.input} ${reason} ${pinned.join()}`);
      }
      expect(wrong).toEqual([]);
    });
  }
});

const octet = fc.integer({ min: 0, max: 255 });
const blockedQuad = fc.oneof(
  fc.tuple(fc.constantFrom(0, 10, 127), octet, octet, octet),
  fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
  fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
  fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
  fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
  fc.tuple(fc.integer({ min: 224, max: 255 }), octet, octet, octet),
);
const publicQuad = fc
  .tuple(fc.constantFrom(1, 8, 9, 11, 23, 52, 93, 142, 185, 210), octet, octet, octet)
  .map((parts) => parts.join('.'));
const radix = fc.constantFrom(8, 10, 16);
const spell = (value: number, base: number): string =>
  base === 10 ? String(value) : base === 8 ? `0${value.toString(8)}` : `0x${value.toString(16)}`;
const spelling = fc
  .tuple(
    blockedQuad,
    fc.integer({ min: 1, max: 4 }),
    fc.array(radix, { minLength: 4, maxLength: 4 }),
    fc.boolean(),
    fc.constantFrom('plain', 'wide', 'percent'),
  )
  .map(([quad, parts, bases, dot, dress]) => {
    const head = quad.slice(0, parts - 1);
    const rest = quad.slice(parts - 1).reduce((sum, part) => sum * 256 + part, 0);
    const text =
      [...head, rest].map((part, index) => spell(part, bases[index] ?? 10)).join('.') + (dot ? '.' : '');
    if (dress === 'wide')
      return text
        .replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
        .replaceAll('.', '。');
    return dress === 'percent' ? text.replace(/[0-9a-f]/g, (c) => `%${c.charCodeAt(0).toString(16)}`) : text;
  });

describe('judgeEgress', () => {
  it('blocks every spelling of a special IPv4 address', async () => {
    await fc.assert(
      fc.asyncProperty(spelling, async (host) => {
        expect((await judgeEgress(`http://${host}/`, PUBLIC)).verdict).toBe('block');
      }),
      { numRuns: 500 },
    );
  });

  it('blocks every IPv4 address carried in an IPv6 address', async () => {
    const carriers = [
      '::ffff:',
      '::',
      '::ffff:0:',
      '64:ff9b::',
      '64:ff9b:1::',
      '2a00:1450::5efe:',
      '2a00::200:5efe:',
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...carriers), publicQuad, async (carrier, quad) => {
        expect((await judgeEgress(`https://[${carrier}${quad}]/`, PUBLIC)).verdict).toBe('block');
        expect((await judgeEgress('https://name.example/', answering([carrier + quad]))).verdict).toBe(
          'block',
        );
      }),
    );
  });

  it('allows public addresses and pins them as given', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(publicQuad, { minLength: 1, maxLength: 4 }), async (answers) => {
        const named = await judgeEgress('https://name.example/', answering(answers));
        expect(named).toMatchObject({ verdict: 'allow', reason: 'allowed', pinned: answers });
        expect((await judgeEgress(`https://${answers[0]}/`, PUBLIC)).pinned).toEqual([answers[0]]);
      }),
    );
  });

  it('never throws, whatever the text', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.string({ unit: 'binary', maxLength: 80 }).map((text) => `https://${text}`),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        expect(['allow', 'block']).toContain((await judgeEgress(text, answering(undefined))).verdict);
      }),
      { numRuns: 1000 },
    );
  });

  it('asks the resolver for the lower-case ASCII name without its trailing dot', async () => {
    const asked: string[] = [];
    await judgeEgress('https://BÜCHER.Example./', (host) => {
      asked.push(host);
      return Promise.resolve(['151.101.1.69']);
    });
    expect(asked).toEqual(['xn--bcher-kva.example']);
  });

  it('blocks an answer with one address more than the bound', async () => {
    const addresses = Array.from({ length: RESOLVED_ADDRESSES_MAX + 1 }, (_, index) => `151.101.1.${index}`);
    expect((await judgeEgress('https://a.example/', answering(addresses.slice(1)))).verdict).toBe('allow');
    expect((await judgeEgress('https://a.example/', answering(addresses))).reason).toBe('too_many_addresses');
  });

  it('reads a URL at the length bound and blocks the next longer one', async () => {
    const url = 'https://a.example/'.padEnd(URL_LENGTH_MAX, 'x');
    expect((await judgeEgress(url, PUBLIC)).verdict).toBe('allow');
    expect((await judgeEgress(`${url}x`, PUBLIC)).reason).toBe('malformed');
  });

  it('answers at once on very long input', async () => {
    for (const unit of ['0.', 'a@', '[:', '%31', '１', '\\', '?#']) {
      const started = systemClock.monotonicMs();
      expect((await judgeEgress(`http://${unit.repeat(65_536 / unit.length)}`, PUBLIC)).verdict).toBe(
        'block',
      );
      expect(systemClock.monotonicMs() - started).toBeLessThan(1000);
    }
  });

  it('names the reason and the range of what it blocks', async () => {
    expect(await judgeEgress('https://a.example/', answering(['8.8.8.8', '10.0.0.1']))).toEqual({
      verdict: 'block',
      reason: 'address_private',
      pinned: [],
      address: '10.0.0.1',
      range: '10.0.0.0/8',
    });
    expect((await judgeEgress('http://x@1.1.1.1/', PUBLIC)).reason).toBe('userinfo');
    expect((await judgeEgress('ftp://1.1.1.1/', PUBLIC)).reason).toBe('scheme');
    expect((await judgeEgress('http://metadata/', PUBLIC)).reason).toBe('metadata_name');
    expect((await judgeEgress('http://redis/', PUBLIC)).reason).toBe('local_name');
    expect((await judgeEgress('http://a\\b/', PUBLIC)).reason).toBe('authority_characters');
    expect((await judgeEgress('http://010.1.1.1/', PUBLIC)).reason).toBe('address_ambiguous');
    expect((await judgeEgress('http://a.example/', answering(['x']))).reason).toBe('address_unreadable');
    expect((await judgeEgress('http://a.example/', answering(undefined))).reason).toBe('unresolved');
  });
});

describe('an operator’s exception', () => {
  it('passes exactly its host and port, and pins what was resolved', async () => {
    const allow = ['127.0.0.1:8080', '[::1]:443', 'vault.internal:8200'];
    expect(await judgeEgress('http://127.0.0.1:8080/x', PUBLIC, { allow })).toMatchObject({
      reason: 'operator_exception',
      pinned: ['127.0.0.1'],
    });
    expect((await judgeEgress('https://[0:0::1]/', PUBLIC, { allow })).pinned).toEqual(['::1']);
    expect(
      (await judgeEgress('http://VAULT.internal.:8200', answering(['10.0.0.9']), { allow })).pinned,
    ).toEqual(['10.0.0.9']);
    expect((await judgeEgress('http://127.0.0.1:8081/', PUBLIC, { allow })).verdict).toBe('block');
    expect((await judgeEgress('http://vault.internal:8200', answering(undefined), { allow })).reason).toBe(
      'unresolved',
    );
    expect((await judgeEgress('http://u@127.0.0.1:8080/', PUBLIC, { allow })).reason).toBe('userinfo');
  });

  it('is written with the port that the scheme implies', () => {
    const destination = parseDestination('https://Example.com/');
    expect(typeof destination === 'string' ? destination : exceptionKey(destination)).toBe('example.com:443');
  });
});
