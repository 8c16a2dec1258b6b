import { CLIENT_OPTIONS, OPERAND_SECRETS } from './command-clients.ts';
import { beginsLike } from './leading-literals.ts';

// A part of every ASCII name that says anything about its value. Names of one word are covered by their own letters,
// names of two by the rarer word.
const STEM =
  'pass|pw|secret|token|cred|bearer|author[iy]|auth|otp|cookie|jwt|psk|mnemonic|kennwort|wachtwoord|adgangskode|' +
  'salasana|heslo|parola|senha|contrase|motdepasse|key|cvv|cvc|one[^A-Za-z]{0,16}time|phrase|access|community|webhook|code|' +
  'pin|string|connstr|dsn|sas|sig|session|sid|sess|seed|salt|nonce|ticket|hash|licen[cs]e|authorisation|tok';

const STEM_ONLY = new RegExp(STEM, 'i');

/** Whether a name may say anything about its value: false only when it surely does not. */
export function mayBeSensitive(name: string): boolean {
  // eslint-disable-next-line no-control-regex -- anything beyond ASCII is left to the closer look.
  return STEM_ONLY.test(name) || /[^\u0000-\u007f]/.test(name);
}

const unanchored = (pattern: RegExp): string => `(?:${pattern.source.replace(/[$^]/g, '')})`;

const ASSIGNERS = /^(?:set|configure|config|setx|setenv|set-env|env|arg)$/i;

const PROGRAMS = [
  ...CLIENT_OPTIONS.map(({ client }) => unanchored(client)),
  ...OPERAND_SECRETS.map(({ words: [first] }) => first as RegExp)
    .filter((first) => first.source !== ASSIGNERS.source)
    .map(unanchored),
].join('|');

const BREAK = String.raw`[\s;|&()"',[\]]`;

// Each alternative is one way for `commandSecrets` to find anything: a credential flag, a known program, an
// assignment in words, or any of these hidden by quotes inside a word.
const SIGN = new RegExp(
  [
    String.raw`(?:^|${BREAK})(?:--?|/)[\w.-]{0,63}?(?:${STEM})`,
    String.raw`\b${beginsLike(PROGRAMS)}(?:${PROGRAMS})(?:\.exe)?(?=[\s;|&()"']|$)`,
    String.raw`\b${unanchored(ASSIGNERS)}(?:\.exe)?["']?${BREAK}+\S{0,256}?(?:${STEM})`,
    String.raw`[\w./\\-]["']+[\w./\\-]`,
  ].join('|'),
  'i',
);

/** Whether a text may hold a command with a secret: false only when `commandSecrets` surely finds none. */
export function mayHoldCommandSecret(text: string): boolean {
  return SIGN.test(text);
}
