import { describe, expect, it } from 'vitest';

import {
  parseTerms,
  SEARCH_TEXT_LENGTH_MAX,
  splitWords,
  TERMS_MAX,
  WORD_LENGTH_MAX,
  wordsOf,
  WORDS_PER_FACT_MAX,
} from './words.ts';

describe('words', () => {
  it('are runs of letters and digits, composed and in lower case', () => {
    expect(splitWords('Open_SSH 9.2 Gro\u0308ße 日本')).toEqual(['open', 'ssh', '9', '2', 'größe', '日本']);
  });

  it('come from the names, texts and numbers of a value, each once', () => {
    expect(wordsOf('host:a', 'os', '{"a":[1,"B b",{"c":null}],"ok":true}')).toEqual([
      'host',
      'a',
      'os',
      '1',
      'b',
      'c',
      'ok',
    ]);
  });

  it('are cut at their bounds', () => {
    expect(splitWords('x'.repeat(WORD_LENGTH_MAX + 1))[0]).toHaveLength(WORD_LENGTH_MAX);
    expect(splitWords('𝒳'.repeat(WORD_LENGTH_MAX))[0]?.isWellFormed()).toBe(true);
    const many = JSON.stringify(Array.from({ length: WORDS_PER_FACT_MAX + 10 }, (_, n) => `w${n}`));
    expect(wordsOf('a:b', 'c', many)).toHaveLength(WORDS_PER_FACT_MAX);
  });

  it('take hostile text in linear time', () => {
    const text = `${'a-'.repeat(100_000)}${' '.repeat(100_000)}`;
    const started = process.cpuUsage().user;
    splitWords(text);
    expect(process.cpuUsage(undefined).user - started).toBeLessThan(1_000_000);
  });
});

describe('parseTerms', () => {
  it('keeps a star at the end of a part', () => {
    expect(parseTerms('ssh* open-ssh* x')).toEqual(['ssh*', 'open', 'ssh*', 'x']);
  });

  it('is bounded', () => {
    expect(parseTerms('a '.repeat(TERMS_MAX))).toHaveLength(TERMS_MAX);
    for (const text of ['', 'a '.repeat(TERMS_MAX + 1), 'x'.repeat(SEARCH_TEXT_LENGTH_MAX + 1)]) {
      expect(() => parseTerms(text)).toThrow(expect.objectContaining({ code: 'FACT_QUERY_INVALID' }));
    }
  });
});
