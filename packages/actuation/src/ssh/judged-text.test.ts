import { describe, expect, it } from 'vitest';
import { ARGUMENTS_BYTES_MAX, argumentText, judgedText } from './judged-text.ts';

describe('judgedText', () => {
  it.each([
    ['systemctl restart nginx', "'systemctl' 'restart' 'nginx'"],
    ['echo "it\'s" \\$x', "'echo' 'it'\\''s' '$x'"],
    ['ls {a,b}', "'ls' 'a' 'b'"],
  ])('runs the argument list of %j', (command, text) => {
    expect(judgedText(command)).toBe(text);
  });

  it.each(['ls ~/x', 'ls *', 'echo $HOME', 'a | b', 'a; b', 'A=1 b', 'echo x > /tmp/y', 'echo $(id)', 'if'])(
    'leaves %j to bash',
    (command) => {
      expect(judgedText(command)).toBe(command);
    },
  );
});

describe('argumentText', () => {
  it('takes a list of the bound and no longer one', () => {
    const word = 'é'.repeat((ARGUMENTS_BYTES_MAX - 2) / 2);
    expect(argumentText([word])).toBe(`'${word}'`);
    expect(argumentText([`${word}a`])).toBeNull();
  });

  it('makes nothing of an empty list', () => {
    expect(argumentText([])).toBeNull();
  });
});
