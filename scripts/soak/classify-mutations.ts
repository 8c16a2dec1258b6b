/**
 * Rewrites dangerous commands by transformations that keep their meaning, and checks that the classifier still gives
 * them at least their tier. A real bash runs original and rewrite in a scratch directory in which every program is a
 * harmless stand-in that only logs its arguments: a rewrite counts only when both logs agree.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Classification, classify } from '../../packages/policy/src/shell/classify.ts';

const { values: options } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    'no-bash': { type: 'boolean', default: false },
  },
});
const MUTATIONS = options.full ? 40_000 : 3_000;
/** Mutations that a real bash checks; each costs two processes. */
const CHECKED_MAX = options.full ? 4_000 : 500;
/** Share of checked rewrites that must be equivalent for the run to say anything. */
const EQUIVALENT_SHARE_MIN = 0.95;
const BASH_TIMEOUT_MS = 5_000;
const NOBODY = 65_534;

/** Argument lists without redirections and without paths to programs: only stand-ins can be started. */
const COMMANDS: readonly (readonly string[])[] = [
  ['rm', '-rf', '/'],
  ['rm', '-r', '/opt/data'],
  ['rm', 'old.log'],
  ['reboot'],
  ['shutdown', '-h', 'now'],
  ['mkfs.ext4', '/dev/sda1'],
  ['dd', 'if=/dev/zero', 'of=/dev/sda'],
  ['wipefs', '-a', '/dev/sdb'],
  ['chmod', '-R', '777', '/'],
  ['chown', '-R', 'nobody', '/etc'],
  ['git', 'push', '--force', 'origin', 'main'],
  ['git', 'reset', '--hard'],
  ['systemctl', 'stop', 'nginx'],
  ['kubectl', 'delete', 'namespace', 'prod'],
  ['terraform', 'destroy', '-auto-approve'],
  ['docker', 'volume', 'rm', 'data'],
  ['userdel', 'bob'],
  ['iptables', '-F'],
  ['apt-get', 'install', '-y', 'vim'],
  ['psql', '-c', 'DROP TABLE users'],
  ['lvremove', '-f', 'vg/lv'],
];

/** Real programs that rewrites need; they start what follows them, found through the same `PATH`. */
const REAL_PROGRAMS = [
  'bash',
  'sh',
  'base64',
  'rev',
  'tr',
  'cat',
  'xargs',
  'env',
  'nice',
  'nohup',
  'timeout',
  'setsid',
  'stdbuf',
  'find',
  'xxd',
  'true',
];

/** A small generator, so that a seed repeats a run. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const random = generator(Number(options.seed) * 2_654_435_761);

function pick<T>(items: readonly T[]): T {
  const item = items[random(items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

function single(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function hexadecimal(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}

function octal(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}

let names = 0;
function fresh(): string {
  return `v${names++}`;
}

/** A spelling of one word: statements to be run before it, and the word. */
type Spelling = readonly [before: string, word: string];

const SPELLINGS: readonly ((text: string) => Spelling)[] = [
  (text) => ['', single(text)],
  (text) => ['', `"${text}"`],
  (text) => ['', text.replace(/./g, '\\$&')],
  (text) => ['', `$'${hexadecimal(text)}'`],
  (text) => ['', `$'${octal(text)}'`],
  (text) => ['', `$"${text}"`],
  (text) => ['', `${single(text.slice(0, 1))}${single(text.slice(1))}`],
  (text) => ['', `${single(text.slice(0, 1))}""$'${hexadecimal(text.slice(1))}'`],
  (text) => ['', `\${${fresh()}:-${single(text)}}`],
  (text) => ['', `"$(printf '${hexadecimal(text)}')"`],
  (text) => ['', `"$(printf '${octal(text)}')"`],
  (text) => ['', `"$(echo ${single(text)})"`],
  (text) => ['', `"\`echo ${single(text)}\`"`],
  (text) => ['', `"$(base64 -d <<< ${encoded(text)})"`],
  (text) => ['', `"$(echo ${encoded(text)} | base64 -d)"`],
  (text) => ['', `"$(rev <<< ${single([...text].reverse().join(''))})"`],
  (text) => ['', `"$(echo ${single(text)} | cat)"`],
  (text) => assigned(text, (name) => `"$${name}"`),
  (text) => assigned(text, (name) => `"\${${name}}"`),
  (text) => assigned(`xx${text}`, (name) => `"\${${name}:2}"`),
  (text) => assigned(`${text}.yy`, (name) => `"\${${name}%.yy}"`),
  (text) => assigned(`zz/${text}`, (name) => `"\${${name}#zz/}"`),
  (text) => assigned(`@@${text}`, (name) => `"\${${name}/@@/}"`),
  (text) => appended(text),
  (text) => indirect(text),
  (text) => element(text),
];

function assigned(value: string, use: (name: string) => string): Spelling {
  const name = fresh();
  return [`${name}=${single(value)}; `, use(name)];
}

function appended(text: string): Spelling {
  const name = fresh();
  return [`${name}=${single(text.slice(0, 1))}; ${name}+=${single(text.slice(1))}; `, `"$${name}"`];
}

function indirect(text: string): Spelling {
  const [name, pointer] = [fresh(), fresh()];
  return [`${name}=${single(text)}; ${pointer}=${name}; `, `"\${!${pointer}}"`];
}

function element(text: string): Spelling {
  const name = fresh();
  return [`${name}=(x ${single(text)} y); `, `"\${${name}[1]}"`];
}

/** An argument list as text, with some words spelt differently. */
function spell(argv: readonly string[]): string {
  let before = '';
  const words: string[] = [];
  for (const word of argv) {
    const [prelude, spelt] =
      random(2) === 0 ? pick(SPELLINGS)(word) : ['', /^[\w./:=-]+$/.test(word) ? word : single(word)];
    before += prelude;
    words.push(spelt);
  }
  return before + words.join(pick([' ', '  ', '\t', ' \\\n ']));
}

/** Ways to say the whole argument list. */
const LISTS: readonly ((argv: readonly string[]) => string)[] = [
  (argv) =>
    argv.length > 1 && argv.every((word) => /^[\w./:=-]+$/.test(word)) ? `{${argv.join(',')}}` : spell(argv),
  (argv) => (argv.every((word) => /^[\w./:=-]+$/.test(word)) ? argv.join('${IFS}') : spell(argv)),
  (argv) => `a=(${argv.map(single).join(' ')}); "\${a[@]}"`,
  (argv) => `set -- ${argv.map(single).join(' ')}; "$@"`,
  (argv) => `set -- x ${argv.map(single).join(' ')}; shift; "$@"`,
  (argv) => `f() { "$@"; }; f ${argv.map(single).join(' ')}`,
  (argv) => `f() { ${argv.map(single).join(' ')}; }; f`,
  (argv) => `bash -c '"$@"' _ ${argv.map(single).join(' ')}`,
  (argv) => `bash -c '"$0" "$@"' ${argv.map(single).join(' ')}`,
  (argv) =>
    argv.every((word) => /^[\w./:=-]+$/.test(word)) ? `x=${single(argv.join(' '))}; $x` : spell(argv),
  (argv) =>
    argv.every((word) => /^[\w./:=-]+$/.test(word)) ? `IFS=,; x=${argv.join(',')}; $x` : spell(argv),
  (argv) =>
    `${pick(['env', 'env A=1', 'nice', 'nohup', 'timeout 5', 'stdbuf -oL', 'command', 'builtin command', 'setsid -w'])} ${spell(argv)}`.replace(
      /^(\S.*?) ((?:v\d+\+?=[^;]*; )+)/,
      '$2$1 ',
    ),
  (argv) =>
    argv.length > 1
      ? `printf '%s\\n' ${argv.slice(1).map(single).join(' ')} | xargs -d '\\n' ${argv[0]}`
      : spell(argv),
  (argv) => `find . -maxdepth 0 -exec ${argv.map(single).join(' ')} \\;`,
  spell,
  spell,
  spell,
  spell,
];

/** Ways to carry a text that keep what it runs. */
const CARRIERS: readonly ((text: string) => string)[] = [
  (text) => `eval ${single(text)}`,
  (text) => `bash -c ${single(text)}`,
  (text) => `bash -c "$(echo ${encoded(text)} | base64 -d)"`,
  (text) => `sh -c ${single(`bash -c ${single(text)}`)}`,
  (text) => `echo ${encoded(text)} | base64 -d | bash`,
  (text) => `base64 -d <<< ${encoded(text)} | bash -s`,
  (text) => `printf '${hexadecimal(text)}' | bash`,
  (text) => `bash <<< ${single(text)}`,
  (text) => `bash <<'EOT'\n${text}\nEOT\n`,
  (text) => `cat <<'EOT' | bash\n${text}\nEOT\n`,
  (text) => `source <(printf '%s' ${single(text)})`,
  (text) => `. /dev/stdin <<< ${single(text)}`,
  (text) => `( ${text}\n)`,
  (text) => `{ ${text}\n}`,
  (text) => `if true; then ${text}\nfi`,
  (text) => `if false; then :; else ${text}\nfi`,
  (text) => `for i in 1; do ${text}\ndone`,
  (text) => `case x in x) ${text}\n;; esac`,
  (text) => `true && { ${text}\n}`,
  (text) => `false || { ${text}\n}`,
  (text) => `true; ${text}`,
  (text) => `${text}\ntrue`,
  (text) => `! { ${text}\n}`,
  (text) => `time { ${text}\n}`,
  (text) => `g() { ${text}\n}; g`,
  (text) => `trap ${single(text)} EXIT`,
  (text) => `: "$( ${text}\n)"`,
  (text) => `: $((1 + 0$( ${text}\n)))`,
  (text) => `: "\${unset:-$( ${text}\n)}"`,
  (text) => `cat <( ${text}\n)`,
  (text) => `{ ${text}\n} & wait`,
  (text) => `y=$( ${text}\n)`,
  (text) => `x=${single(text)}; eval "$x"`,
];

function mutate(argv: readonly string[]): string {
  let text = pick(LISTS)(argv);
  for (let i = random(3); i > 0; i--) text = pick(CARRIERS)(text);
  return text;
}

function severity({ tier, denied }: Classification): number {
  return denied ? 4 : Number(tier.slice(1));
}

/** A directory in which every dangerous program is a stand-in that logs how it was called. */
function makeScratch(): { run(text: string): string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), 'classify-mutations-'));
  const bin = join(root, 'bin');
  const log = join(root, 'log');
  mkdirSync(bin);
  chmodSync(root, 0o755);
  for (const name of new Set(COMMANDS.map(([program]) => program ?? ''))) {
    writeFileSync(join(bin, name), `#!/bin/bash\n{ printf '%s|' "\${0##*/}" "$@"; echo; } >> ${log}\n`, {
      mode: 0o755,
    });
  }
  for (const name of REAL_PROGRAMS) {
    const path = ['/usr/bin', '/bin']
      .map((directory) => join(directory, name))
      .find((candidate) => existsSync(candidate));
    if (path !== undefined) symlinkSync(path, join(bin, name));
  }
  const isRoot = process.getuid?.() === 0;
  return {
    run(text) {
      writeFileSync(log, '');
      if (isRoot) chownSync(log, NOBODY, NOBODY);
      spawnSync('/bin/bash', ['--noprofile', '--norc', '-c', text], {
        cwd: root,
        env: { PATH: bin },
        input: '',
        timeout: BASH_TIMEOUT_MS,
        killSignal: 'SIGKILL',
        ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
      });
      return readFileSync(log, 'utf8');
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function plain(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w./:=-]+$/.test(word) ? word : single(word))).join(' ');
}

function main(): number {
  const scratch = makeScratch();
  const expected = new Map(
    COMMANDS.map((argv) => [
      argv,
      { severity: severity(classify(plain(argv))), log: scratch.run(plain(argv)) },
    ]),
  );
  let lower = 0;
  let checked = 0;
  let equivalent = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const argv = pick(COMMANDS);
    const wanted = expected.get(argv);
    if (wanted === undefined) continue;
    const text = mutate(argv);
    const found = severity(classify(text));
    const isLower = found < wanted.severity;
    if (!isLower && (options['no-bash'] || checked >= CHECKED_MAX)) continue;
    checked++;
    const isEquivalent = scratch.run(text) === wanted.log;
    if (isEquivalent) equivalent++;
    if (isLower && isEquivalent) {
      lower++;
      console.log(`tier fell from ${wanted.severity} to ${found}: ${JSON.stringify(text)}`);
    } else if (!isEquivalent && process.env['SHOW'] !== undefined) {
      console.log(`not equivalent: ${JSON.stringify(text)}`);
    }
  }
  scratch.remove();
  const share = checked === 0 ? 1 : equivalent / checked;
  console.log(
    `${MUTATIONS} rewrites, ${checked} run by bash, ${equivalent} equivalent, ${lower} judged lower than the original`,
  );
  return lower === 0 && share >= EQUIVALENT_SHARE_MIN ? 0 : 1;
}

process.exitCode = main();
