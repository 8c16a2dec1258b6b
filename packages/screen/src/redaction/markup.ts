import { keySensitivity } from './key-names.ts';
import { isNameKey, isSecretType, isValueKey } from './pair-keys.ts';
import { matchesOf } from './matches.ts';
import type { Span } from './spans.ts';

const ELEMENT = /<([A-Za-z_][\w:.-]{0,63})((?:\s[^<>]{0,1024})?)>(?!\s*<(?!!\[CDATA))/g;
const TAG = /<[A-Za-z_][\w:.-]{0,63}\s[^<>]{1,2048}>/g;
const ATTRIBUTE = /([A-Za-z_][\w:.-]{0,63})\s{0,8}=\s{0,8}(?:"([^"]{0,4096})"|'([^']{0,4096})')/g;
const PAIR =
  /<([A-Za-z]{1,32})>\s{0,16}([^<>]{1,128}?)\s{0,16}<\/\1>\s{0,64}<([A-Za-z]{1,32})>([^<]{1,8192})</g;

/** Spans of secrets in XML and HTML: element text, `name`/`value` attributes, `<name>` and `<value>` siblings. */
export function markupSpans(text: string): Span[] {
  if (!text.includes('<')) return [];
  return [...elementSpans(text), ...attributePairSpans(text), ...siblingSpans(text)];
}

function isSecret(name: string): boolean {
  return keySensitivity(name) === 'secret';
}

function elementSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const match of matchesOf(text, ELEMENT)) {
    const attributes = match[2] as string;
    if (attributes.endsWith('/')) continue;
    const name = (match[1] as string).replace(/^.*:/, '');
    if (!isSecret(name) && !namesSecret(attributes)) continue;
    const start = match.index + match[0].length;
    const span = contentSpan(text, start);
    if (span === null) continue;
    spans.push(span);
    if (span.end === text.length) break;
  }
  return spans;
}

function contentSpan(text: string, start: number): Span | null {
  const cdata = /\s{0,64}<!\[CDATA\[/y;
  cdata.lastIndex = start;
  const opened = cdata.exec(text);
  const from = opened === null ? start : start + opened[0].length;
  const found = text.indexOf(opened === null ? '<' : ']]>', from);
  const end = found === -1 ? text.length : found;
  return text.slice(from, Math.min(end, from + 256)).trim() === '' ? null : { start: from, end };
}

function namesSecret(attributes: string): boolean {
  for (const match of matchesOf(attributes, ATTRIBUTE)) {
    const [name, value] = [match[1] as string, match[2] ?? match[3] ?? ''];
    if (isSecretType(name, value) || (isNameKey(name) && isSecret(value))) return true;
  }
  return false;
}

function attributePairSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const tag of matchesOf(text, TAG)) {
    if (!namesSecret(tag[0])) continue;
    for (const match of matchesOf(tag[0], ATTRIBUTE)) {
      const value = match[2] ?? match[3] ?? '';
      if (!isValueKey(match[1] as string) || value === '') continue;
      const end = tag.index + match.index + match[0].length - 1;
      spans.push({ start: end - value.length, end });
    }
  }
  return spans;
}

function siblingSpans(text: string): Span[] {
  const spans: Span[] = [];
  for (const match of matchesOf(text, PAIR)) {
    if (!isNameKey(match[1] as string) || !isSecret(match[2] as string)) continue;
    if (!isValueKey(match[3] as string)) continue;
    const end = match.index + match[0].length - 1;
    spans.push({ start: end - (match[4] as string).length, end });
  }
  return spans;
}
