import { commandSecrets } from './command-flags.ts';
import { mayHoldCommandSecret } from './command-gate.ts';
import { decodeBase64Text, ENCODING_DEPTH_MAX, encodedSpans, redactPercentRuns } from './encodings.ts';
import { entropySpans, publicKeySpans } from './entropy.ts';
import { delimitedSpans } from './delimited.ts';
import { kubernetesSecretSpans } from './kubernetes-secret.ts';
import { visibleText } from './invisible.ts';
import { keyValueSpans } from './key-value-text.ts';
import { markupSpans } from './markup.ts';
import { REDACTED, TRUNCATED } from './marker.ts';
import { pemBlocks } from './pem.ts';
import { proseSpans } from './prose.ts';
import { encodedRuns } from './runs.ts';
import { shellWords } from './shell-words.ts';
import { applySpans, type Span } from './spans.ts';
import { urlSpans } from './urls.ts';
import { shapeSpans } from './value-shapes.ts';

/** Text beyond this many UTF-16 code units is dropped, never passed on unread. */
export const TEXT_CHARS_MAX = 8_388_608;

/** Rounds until nothing more is found; a text that is still changing then is dropped whole. */
export const ROUNDS_MAX = 6;

/** Redacts a JSON document in a string; answers null when the text is none, or holds no secret. */
export type RedactJson = (text: string, depth: number) => string | null;

/** Redacts one string: every rule that needs no structure around it. Idempotent, total, linear in the text. */
export function redactString(text: string, depth: number, redactJson: RedactJson): string {
  const bounded = boundText(text);
  if (bounded.length < 4) return bounded;
  let current = bounded;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const next = redactOnce(current, depth, redactJson);
    if (next === current) return current;
    current = next;
  }
  return redactOnce(current, depth, redactJson) === current ? current : REDACTED;
}

// The cut is made before the word it would split: half a token has no shape to be known by.
function boundText(text: string): string {
  if (text.length <= TEXT_CHARS_MAX) return text;
  const end = TEXT_CHARS_MAX - TRUNCATED.length;
  const word = /\S{0,4096}$/.exec(text.slice(end - 4096, end))?.[0].length ?? 0;
  return text.slice(0, end - word) + TRUNCATED;
}

function redactOnce(text: string, depth: number, redactJson: RedactJson): string {
  const document = redactJson(text, depth);
  if (document !== null) return document;
  const spanned = applySpans(text, [
    ...textSpans(text, depth, redactJson),
    ...hiddenSpans(text, depth, redactJson),
  ]);
  if (depth >= ENCODING_DEPTH_MAX) return spanned;
  return redactPercentRuns(spanned, (decoded) => redactString(decoded, depth + 1, redactJson));
}

// A colour or an invisible character in the middle of a word does not hide the word.
function hiddenSpans(text: string, depth: number, redactJson: RedactJson): Span[] {
  const visible = visibleText(text);
  if (visible === null) return [];
  return textSpans(visible.text, depth, redactJson)
    .filter(({ start, end }) => end > start)
    .map(visible.toOriginal);
}

function textSpans(text: string, depth: number, redactJson: RedactJson): Span[] {
  const runs = encodedRuns(text);
  const blocks = pemBlocks(text);
  const exempt = [...blocks.open, ...publicKeySpans(text)].sort((a, b) => a.start - b.start);
  const leaks = (decoded: string): boolean =>
    depth >= ENCODING_DEPTH_MAX || redactString(decoded, depth + 1, redactJson) !== decoded;
  return [
    ...blocks.secret,
    ...shapeSpans(text),
    ...keyValueSpans(text),
    ...urlSpans(text),
    ...markupSpans(text),
    ...delimitedSpans(text),
    ...kubernetesSecretSpans(text),
    ...proseSpans(text),
    ...wordSpans(text, 0),
    ...encodedSpans(text, runs, leaks),
    ...entropySpans(text, runs, exempt, (candidate) => decodeBase64Text(candidate) !== null),
  ];
}

/** Commands quoted inside commands (`bash -c "…"`) are followed this deep. */
export const QUOTED_COMMAND_DEPTH_MAX = 2;

function wordSpans(text: string, depth: number): Span[] {
  if (!mayHoldCommandSecret(text)) return [];
  const words = shellWords(text);
  const spans: Span[] = [];
  for (const { word, from } of commandSecrets(words)) {
    const found = words[word];
    // A word of several quoted parts has no position for its middle: it is dropped whole.
    const plain = found !== undefined && found.end - found.start === found.value.length;
    if (found !== undefined)
      spans.push({ start: found.start + (plain ? from : Math.min(from, 2)), end: found.end });
  }
  if (depth >= QUOTED_COMMAND_DEPTH_MAX) return spans;
  for (const word of words) {
    if (!/\s/.test(word.value) || word.end - word.start !== word.value.length) continue;
    for (const span of wordSpans(word.value, depth + 1)) {
      spans.push({ start: word.start + span.start, end: word.start + span.end });
    }
  }
  return spans;
}
