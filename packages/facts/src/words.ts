import type { Json } from '@praxis/core';

import { queryInvalid } from './errors.ts';

/** The longest word that is indexed, in UTF-16 code units; the rest of a longer one is cut off. */
export const WORD_LENGTH_MAX = 64;
/** The most different words of one fact that are indexed. */
export const WORDS_PER_FACT_MAX = 2000;
/** The most terms of one search. */
export const TERMS_MAX = 16;
/** The longest text of a search, in UTF-16 code units. */
export const SEARCH_TEXT_LENGTH_MAX = 1024;

const WORD = /[\p{L}\p{N}]+/gu;

/** The words of a text: runs of letters and digits, composed (NFC) and in lower case. */
export function splitWords(text: string): string[] {
  const words = text.normalize('NFC').toLowerCase().match(WORD) ?? [];
  return words.map((word) => cut(word));
}

/** The different words of a fact: of its subject, predicate, and every text, number and name in its value. */
export function wordsOf(subject: string, predicate: string, canonicalValue: string): string[] {
  const words = new Set<string>();
  const add = (text: string): void => {
    for (const word of splitWords(text)) if (words.size < WORDS_PER_FACT_MAX) words.add(word);
  };
  add(subject);
  add(predicate);
  visit(JSON.parse(canonicalValue) as Json, add);
  return [...words];
}

/** The terms of a search: all must be found. A star after a word makes it the beginning of one. */
export function parseTerms(text: string): string[] {
  if (typeof text !== 'string' || text.length > SEARCH_TEXT_LENGTH_MAX) {
    throw queryInvalid('text', `is not a text of at most ${SEARCH_TEXT_LENGTH_MAX} characters`);
  }
  const terms = text.split(/\s+/u).flatMap((part) => {
    const words = splitWords(part);
    const last = words.pop();
    return last === undefined ? [] : [...words, part.endsWith('*') ? `${last}*` : last];
  });
  if (terms.length === 0 || terms.length > TERMS_MAX)
    throw queryInvalid('text', `has no word, or more than ${TERMS_MAX}`);
  return terms;
}

/** Whether words hold every term. */
export function holdTerms(words: readonly string[], terms: readonly string[]): boolean {
  return terms.every((term) =>
    term.endsWith('*') ? words.some((word) => word.startsWith(term.slice(0, -1))) : words.includes(term),
  );
}

function visit(value: Json, add: (text: string) => void): void {
  if (typeof value === 'string') add(value);
  else if (typeof value === 'number') add(String(value));
  else if (Array.isArray(value)) for (const member of value as readonly Json[]) visit(member, add);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      add(name);
      visit(member, add);
    }
  }
}

function cut(word: string): string {
  const short = word.slice(0, WORD_LENGTH_MAX);
  return short.isWellFormed() ? short : short.slice(0, -1);
}
