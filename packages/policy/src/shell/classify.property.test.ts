import { readFileSync } from 'node:fs';
import { tierRank } from '@praxis/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Classification, classify } from './classify.ts';
import { INPUT_BYTES_MAX } from './conversion.ts';
import { parseShell } from './parse.ts';

/** Fixed, so that a run can be repeated; PROPERTY_SEED chooses another. */
const SEED = Number(process.env['PROPERTY_SEED'] ?? 20_261_121);
const VECTORS = new URL('../../../../vectors/', import.meta.url);

/** Commands of the vectors that are complete on one line, so that they can be joined and wrapped. */
const COMMANDS: readonly string[] = readFileSync(new URL('classify-more.jsonl', VECTORS), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => (JSON.parse(line) as { cmd: string }).cmd)
  .filter((command) => isJoinable(command));

function isJoinable(command: string): boolean {
  return parseShell(command).faults.length === 0 && !/[\n#\\]|<<|;;|&$|;\s*$/.test(command);
}

const command = fc.constantFrom(...COMMANDS);
/** Another shell has arguments of its own. */
const contained = fc.constantFrom(...COMMANDS.filter((text) => !/\$\{?[@*0-9]/.test(text)));

function severity({ tier, denied }: Classification): number {
  return denied ? 4 : tierRank(tier);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const WRAPPERS: readonly string[] = [
  'env',
  'env A=1',
  'nice',
  'nice -n 5',
  'nohup',
  'timeout 5',
  'timeout -k 1 5s',
  'stdbuf -oL',
  'setsid',
  'sudo',
  'sudo -u bob --',
  'doas',
  'ionice -c 3',
  'time',
  'command',
  'busybox',
  'flock /tmp/lock',
  'chroot /mnt',
  'unshare -m',
  'systemd-run',
];

const SHELLS: readonly string[] = [
  'sh -c',
  'bash -c',
  'bash -lc',
  'env sh -c',
  'sudo bash -c',
  'ssh host',
  'su -c',
  'eval',
  'timeout 5 sh -c',
];

describe('classify', () => {
  it('reads enough commands to say something', () => {
    expect(COMMANDS.length).toBeGreaterThan(1_500);
  });

  it('never lowers the tier when another statement is joined on', () => {
    fc.assert(
      fc.property(
        command,
        command,
        fc.constantFrom('; ', ' && ', ' || ', ' | ', ' & ', '\n', ' |& '),
        (a, b, joint) => {
          const joined = severity(classify(a + joint + b));
          // A definition or `cd` in the first part may only raise the second.
          expect(joined).toBeGreaterThanOrEqual(severity(classify(a)));
        },
      ),
      { numRuns: 2_000, seed: SEED },
    );
  });

  it('never lowers the tier when a harmless statement stands in front', () => {
    const harmless = fc.constantFrom(
      'true; ',
      'ls && ',
      'echo x\n',
      'date || ',
      'sleep 1 & ',
      ': ; ',
      '[ -f x ] && ',
      'X=1; ',
    );
    fc.assert(
      fc.property(command, harmless, (a, before) => {
        expect(severity(classify(before + a))).toBeGreaterThanOrEqual(severity(classify(a)));
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });

  it('never lowers the tier of a simple command when it is wrapped', () => {
    const simple = fc.constantFrom(
      ...COMMANDS.filter((text) => classify(text).argv !== null && isProgram(text)),
    );
    fc.assert(
      fc.property(
        simple,
        fc.array(fc.constantFrom(...WRAPPERS), { minLength: 1, maxLength: 3 }),
        (a, wrappers) => {
          expect(severity(classify(`${wrappers.join(' ')} ${a}`))).toBeGreaterThanOrEqual(
            severity(classify(a)),
          );
        },
      ),
      { numRuns: 2_000, seed: SEED },
    );
  });

  it('never lowers the tier when the text is handed to a shell', () => {
    fc.assert(
      fc.property(contained, fc.constantFrom(...SHELLS), (a, shell) => {
        expect(severity(classify(`${shell} ${quote(a)}`))).toBeGreaterThanOrEqual(
          Math.min(severity(classify(a)), 4),
        );
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });

  it('never lowers the tier inside a compound command', () => {
    const shapes: readonly ((text: string) => string)[] = [
      (text) => `( ${text} )`,
      (text) => `{ ${text}; }`,
      (text) => `if true; then ${text}; fi`,
      (text) => `if ${text}; then :; fi`,
      (text) => `while ${text}; do :; done`,
      (text) => `for i in 1 2; do ${text}; done`,
      (text) => `case x in *) ${text};; esac`,
      (text) => `f() { ${text}; }; f`,
      (text) => `echo $( ${text} )`,
      (text) => 'echo "$( TEXT )"'.replace('TEXT', () => text),
      (text) => `x=$( ${text} )`,
      (text) => `cat <( ${text} )`,
      (text) => `! ${text}`,
      (text) => `echo $((1 + $( ${text} )))`,
      (text) => `cat <<E\n$( ${text} )\nE`,
    ];
    fc.assert(
      fc.property(command, fc.constantFrom(...shapes), (a, shape) => {
        expect(severity(classify(shape(a)))).toBeGreaterThanOrEqual(severity(classify(a)));
      }),
      { numRuns: 2_000, seed: SEED },
    );
  });

  it('answers for any text at all, and the same twice', () => {
    const pieces = fc.constantFrom(
      'rm',
      ' -rf ',
      '/',
      '$(',
      ')',
      '`',
      '"',
      "'",
      '{',
      '}',
      ';',
      '|',
      '&',
      '<<',
      '\n',
      '${',
      '$((',
      '))',
      '\\',
      'x=',
      '*',
      '~',
      '\0',
      '😀',
      '((',
      '[[',
      ']]',
      'case ',
      ' in ',
      'esac',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const text = parts.join('');
        const first = classify(text);
        expect(severity(first)).toBeLessThanOrEqual(4);
        expect(classify(text)).toEqual(first);
      }),
      { numRuns: 3_000, seed: SEED },
    );
  });

  it('rounds up at one byte past the longest input', () => {
    const fill = 'echo '.padEnd(INPUT_BYTES_MAX, 'a');
    expect(classify(fill).tier).toBe('T0');
    expect(classify(`${fill}a`).tier).toBe('T3');
  });

  it('stays fast on hostile input', () => {
    const hostile = [
      '$('.repeat(5_000),
      '`'.repeat(8_000),
      '{a,b}'.repeat(3_000),
      `echo ${'{'.repeat(4_000)}${','.repeat(4_000)}`,
      `awk '${'print|"x";'.repeat(1_500)}'`,
      `sed '${'s/a/b/;'.repeat(2_000)}'`,
      `python3 -c '${'while '.repeat(2_500)}'`,
      `python3 -c "${"system('x');".repeat(1_000)}"`,
      `${'sudo '.repeat(3_000)}ls`,
      `${'x=$x$x; '.repeat(1_500)}$x`,
      `x=aaaaaaaaaaaaaaaa; ${'x=$x$x; '.repeat(200)}$x`,
      `unknown ${'sh '.repeat(5_000)}`,
      `f() { f2; }; ${'f; '.repeat(3_000)}`,
      Array.from({ length: 40 }, (_, i) => `f${i}() { f${i + 1}; f${i + 1}; }`)
        .reverse()
        .join('; ') + '; f0',
      `${'eval '.repeat(3_000)}ls`,
      `rm -rf ${'../'.repeat(5_000)}`,
      `echo ${'"$x"'.repeat(3_500)}`,
      `find ${'-name x '.repeat(2_000)}`,
      'a|'.repeat(8_000),
    ];
    for (const text of hostile) {
      const from = performance.now();
      classify(text);
      expect(performance.now() - from, text.slice(0, 40)).toBeLessThan(1_500);
    }
  });
});

/** Words of the shell itself can't be started by another program. */
function isProgram(text: string): boolean {
  return !/^(?:\[|\.|:|alias|builtin|cd|command|compgen|complete|coproc|declare|dirs|enable|eval|exec|exit|export|fc|function|hash|help|history|jobs|let|local|popd|printf -v|pushd|read|readonly|set|shift|shopt|source|time|times|trap|type|typeset|ulimit|umask|unalias|unset|until|wait|bind|mapfile)\b|^[.:[] |^[.:[]$|^!|=/.test(
    text,
  );
}
