import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT_OPTIONS, OPERAND_SECRETS } from './command-clients.ts';
import { commandSecrets } from './command-flags.ts';
import { mayBeSensitive, mayHoldCommandSecret } from './command-gate.ts';
import { keySensitivity } from './key-names.ts';
import {
  ACCOUNT_STEMS,
  QUANTITY_WORDS,
  SECRET_KEY_KINDS,
  SECRET_PAIRS,
  SECRET_WORDS,
  WEAK_KEY_KINDS,
  WEAK_WORDS,
} from './key-words.ts';
import { beginsLike } from './leading-literals.ts';
import { proseSpans } from './prose.ts';
import { shellWords } from './shell-words.ts';
import { bareNameBefore, completesName, readKeyBefore } from './text-key.ts';
import { shapeSpans } from './value-shapes.ts';

const joined = (pieces: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
  fc.array(pieces, { maxLength }).map((parts) => parts.join(''));

const nameWord = fc.constantFrom(
  ...SECRET_WORDS,
  ...WEAK_WORDS,
  ...SECRET_KEY_KINDS,
  ...WEAK_KEY_KINDS,
  ...QUANTITY_WORDS,
  ...[...SECRET_PAIRS].flatMap((pair) => pair.split(' ')),
  ...[...ACCOUNT_STEMS].flatMap((stem) => [`${stem}pass`, `${stem}pw`]),
  'connection',
  'conn',
  'string',
  'connectionstring',
  'connstr',
  'dsn',
  'pin',
  'pincode',
  'pass',
  'key',
);
const name = fc
  .tuple(fc.array(nameWord, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '_', '-', '.', '7', ' '))
  .map(([words, mark]) => words.join(mark));

const programs = [
  ...CLIENT_OPTIONS.flatMap(({ client }) => client.source.split(/[^a-z0-9-]+/)),
  ...OPERAND_SECRETS.flatMap(({ words }) => words.flatMap((word) => word.source.split(/[^a-z0-9_-]+/))),
].filter((word) => word !== '');
const commandPiece = fc.oneof(
  fc.constantFrom(...programs),
  fc.constantFrom(
    ' ',
    ' ',
    ' ',
    ' ',
    '\n',
    '"',
    "'",
    '-',
    '--',
    '/',
    '\\',
    '=',
    ':',
    '%',
    ',',
    '[',
    ']',
    ';',
  ),
  fc.constantFrom(
    '-p',
    '-P',
    '-u',
    '-a',
    '-w',
    '/p:',
    'login',
    'user',
    'Zz81kkQ',
    'a:Zz81kk',
    '.exe',
    'PASS',
  ),
  name,
);

describe('a prefilter never changes a result:', () => {
  it('a name that may not be sensitive is not', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(mayBeSensitive(text) || keySensitivity(text) === 'none').toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('a text that may not hold a secret of a command holds none', () => {
    fc.assert(
      fc.property(joined(commandPiece, 10), (text) => {
        expect(mayHoldCommandSecret(text) || commandSecrets(shellWords(text)).length === 0).toBe(true);
      }),
      { numRuns: 6000 },
    );
  });

  it('a bare name is what the closer look reads', () => {
    const piece = fc.constantFrom(
      'a',
      'Bc',
      '7',
      '-',
      '.',
      '%',
      'é',
      ' ',
      '"',
      '\\',
      'n',
      '?',
      '&',
      '[',
      '\n',
    );
    fc.assert(
      fc.property(joined(piece, 12), (text) => {
        const bare = bareNameBefore(`${text}:`, text.length);
        if (bare !== '' && !completesName(bare))
          expect(readKeyBefore(`${text}:`, text.length)?.name).toBe(bare);
      }),
      { numRuns: 3000 },
    );
  });

  it('a pattern behind the beginnings of its alternatives matches what it matched', () => {
    const piece = fc.constantFrom(
      'ab',
      'c',
      'd?',
      '[ef]',
      '(?:gh|i)',
      '(?:j)?',
      String.raw`\.`,
      '|',
      'k{2}',
      'l*',
    );
    const text = fc.string({ unit: fc.constantFrom(...'abcdefghijkl.'), maxLength: 12 });
    fc.assert(
      fc.property(joined(piece, 6), text, (source, subject) => {
        const plain = new RegExp(`(?:${source})`).exec(subject)?.[0];
        expect(new RegExp(`${beginsLike(source)}(?:${source})`).exec(subject)?.[0]).toBe(plain);
      }),
      { numRuns: 3000 },
    );
  });

  // The suffix opens every prefilter, so that nothing is skipped for want of a sign.
  const EVERY_SIGN =
    '\n\n.atlasv1. -us1 .aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb 0:AA 8Q~ @k8s.token webhook | :*: \n';

  it('shapes and prose are found with and without the signs of others', () => {
    const piece = fc.constantFrom(
      'a1B2c3D4e5F6g7H8j9K0',
      '0123456789abcdef',
      'AA',
      'pat',
      'hf_',
      'bot',
      's.',
      '8Q~',
      '-us',
      '12345678',

      'user',
      ' ',
      ': ',
      '/',
      "'",
      '", "',
      'auth=(',
      'identified by ',
      'was set to ',
      'pin is ',
      '4711',
      'login',

      'echo ',
      ' | ',
      'chpasswd',
      '<<< ',
      'kinit',
      'h:5432:d:u:',
      'rocommunity ',
      'variable "',
      'basic ',
      '.',
    );
    fc.assert(
      fc.property(joined(piece, 8), (text) => {
        for (const rule of [shapeSpans, proseSpans]) {
          const opened = rule(text + EVERY_SIGN).filter(({ start }) => start < text.length);
          expect(rule(`${text}\n\n\n`)).toEqual(opened);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
