/**
 * The output of a few commands that print or transform known text, for `echo … | base64 -d | sh` and `$(printf …)`.
 * Null for anything else: what is not certain is unknown.
 */
export function filterText(name: string, args: readonly string[], input: string | null): string | null {
  const base = /^\/(?:usr\/)?bin\//.test(name) ? name.slice(name.lastIndexOf('/') + 1) : name;
  switch (base) {
    case 'echo':
      return echo(args);
    case 'printf':
      return printf(args);
    case 'command':
    case 'builtin':
      if (args[0] === '-v' && args.length === 2) return `/usr/bin/${args[1]}\n`;
      return args[0] === undefined || args[0].startsWith('-')
        ? null
        : filterText(args[0], args.slice(1), input);
    case 'which':
      return args.length === 1 && /^[\w.+-]+$/.test(args[0] ?? '') ? `/usr/bin/${args[0]}\n` : null;
    case 'true':
    case ':':
      return '';
    default:
      return input === null ? null : filterInput(base, args, input);
  }
}

function filterInput(name: string, args: readonly string[], input: string): string | null {
  const flags = args.join(' ');
  switch (name) {
    case 'tee':
      return input;
    case 'cat':
      return args.length === 0 || flags === '-' ? input : null;
    case 'base64':
      return /^(?:-d|-D|--decode|-di|-d -i|-i -d)$/.test(flags)
        ? decode(input, 'base64')
        : flags === ''
          ? encode(input)
          : null;
    case 'openssl':
      return /^(?:base64|enc -base64|enc -a) -d(?: -A)?$/.test(flags) ? decode(input, 'base64') : null;
    case 'xxd':
      return /^(?:-r -p|-rp|-p -r|-ps -r|-r -ps)$/.test(flags) ? decode(input, 'hex') : null;
    case 'rev':
      return args.length === 0 ? reverseLines(input) : null;
    case 'tac':
      return args.length === 0 ? `${input.trimEnd().split('\n').reverse().join('\n')}\n` : null;
    case 'tr':
      return translate(args, input);
    case 'head':
      return /^(?:-n ?1|-1)$/.test(flags) ? `${input.split('\n')[0] ?? ''}\n` : null;
    case 'tail':
      return /^(?:-n ?1|-1)$/.test(flags) ? `${input.trimEnd().split('\n').at(-1) ?? ''}\n` : null;
    case 'cut':
      return cutCharacters(args, input);
    default:
      return null;
  }
}

function encode(input: string): string {
  return `${Buffer.from(input, 'utf8')
    .toString('base64')
    .replace(/(.{76})/g, '$1\n')}\n`;
}

function decode(input: string, encoding: 'base64' | 'hex'): string {
  return Buffer.from(input.replace(/\s+/g, ''), encoding).toString('utf8');
}

function reverseLines(input: string): string {
  return input
    .split('\n')
    .map((line) => [...line].reverse().join(''))
    .join('\n');
}

function echo(args: readonly string[]): string {
  let at = 0;
  let newline = '\n';
  let isEscaped = false;
  for (; at < args.length && /^-[neE]+$/.test(args[at] ?? ''); at++) {
    for (const letter of (args[at] ?? '').slice(1)) {
      if (letter === 'n') newline = '';
      else isEscaped = letter === 'e';
    }
  }
  const text = args.slice(at).join(' ');
  return (isEscaped ? unescape(text) : text) + newline;
}

/** Escapes of `echo -e` and printf formats. */
function unescape(text: string): string {
  return text.replace(
    /\\(0[0-7]{1,3}|[0-7]{1,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|.)/gs,
    (all, escape: string) => {
      if (/^[0-7]/.test(escape)) return String.fromCharCode(Number.parseInt(escape, 8) & 255);
      if (/^[xuU][0-9a-fA-F]/.test(escape)) return codePoint(Number.parseInt(escape.slice(1), 16));
      return SIMPLE_ESCAPES[escape] ?? all;
    },
  );
}

function codePoint(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  E: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** Directives of printf that are followed; any other makes the output unknown. */
const DIRECTIVE = /%(?:%|[-+ 0#]*\d*(?:\.\d+)?[sbdiuxXoc])/g;
const SPLIT_DIRECTIVE = /(%(?:%|[-+ 0#]*\d*(?:\.\d+)?[sbdiuxXoc]))/;

function printf(args: readonly string[]): string | null {
  const rest = args[0] === '--' ? args.slice(1) : args;
  const [format, ...values] = rest;
  if (format === undefined || format.startsWith('-')) return null;
  const pieces = format.split(SPLIT_DIRECTIVE);
  if (pieces.some((piece, i) => i % 2 === 0 && piece.includes('%'))) return null;
  const uses = [...format.matchAll(DIRECTIVE)].filter((found) => found[0] !== '%%').length;
  const rounds = uses === 0 ? 1 : Math.max(1, Math.ceil(values.length / uses));
  if (rounds > 1_000) return null;
  let text = '';
  let at = 0;
  for (let round = 0; round < rounds; round++) {
    // Escapes that spell a percent sign are text: only what stood in the format as such is a directive.
    for (const [i, piece] of pieces.entries()) {
      if (i % 2 === 0) text += unescape(piece);
      else text += piece === '%%' ? '%' : formatValue(piece, values[at++] ?? '');
    }
  }
  return text;
}

function formatValue(directive: string, value: string): string {
  const kind = directive.at(-1);
  if (kind === 's') return value;
  if (kind === 'b') return unescape(value);
  if (kind === 'c') return value.charAt(0);
  const number = /^["']/.test(value) ? value.charCodeAt(1) : Number(value);
  if (!Number.isSafeInteger(number)) return '0';
  const digits =
    kind === 'o' ? number.toString(8) : /[xX]/.test(kind ?? '') ? number.toString(16) : String(number);
  const width = /^%0(\d+)/.exec(directive)?.[1];
  const padded = width === undefined ? digits : digits.padStart(Math.min(Number(width), 64), '0');
  return kind === 'X' ? padded.toUpperCase() : padded;
}

function translate(args: readonly string[], input: string): string | null {
  const [first, second] = args;
  if (args.length !== 2 || first === undefined || second === undefined) return null;
  if (first === '-d') return deleteCharacters(second, input);
  if (first.startsWith('-')) return null;
  const from = expandRanges(first);
  const to = expandRanges(second);
  if (from === null || to === null || to.length === 0) return null;
  const last = to.at(-1) ?? '';
  return [...input].map((c) => (from.includes(c) ? (to[from.lastIndexOf(c)] ?? last) : c)).join('');
}

function deleteCharacters(set: string, input: string): string | null {
  const members = expandRanges(set);
  return members === null ? null : [...input].filter((c) => !members.includes(c)).join('');
}

const CLASSES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '[:upper:]': 'A-Z',
    '[:lower:]': 'a-z',
    '[:digit:]': '0-9',
    '[:space:]': ' \\t\\n',
  }),
);

function expandRanges(set: string): string[] | null {
  const text = unescape(CLASSES.get(set) ?? set);
  if (/\[[:=.]/.test(text)) return null;
  const members: string[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (text[i + 1] === '-' && i + 2 < text.length) {
      for (let code = c.charCodeAt(0); code <= text.charCodeAt(i + 2) && members.length < 1_024; code++)
        members.push(String.fromCharCode(code));
      i += 2;
    } else {
      members.push(c);
    }
  }
  return members;
}

function cutCharacters(args: readonly string[], input: string): string | null {
  const found = /^-[cb] ?(\d+)-(\d*)$/.exec(args.join(' '));
  if (found === null) return null;
  const from = Number(found[1]) - 1;
  const to = found[2] === '' ? undefined : Number(found[2]);
  return input
    .split('\n')
    .map((line) => line.slice(from, to))
    .join('\n');
}
