import { matchesOf } from './matches.ts';
import type { Span } from './spans.ts';

const KIND = /^([ \t]{0,64}(?:- )?)kind:[ \t]{0,8}["']?Secret["']?[ \t]{0,8}\r?$/m;
const DATA = /^([ \t]{0,64})(?:data|stringData):[ \t]{0,8}\r?\n/gm;
const ENTRY = /^[ \t]{1,128}([\w.-]{1,253}):[ \t]{1,8}/;

// What a Secret also holds and nobody needs to hide.
const ORDINARY = /^(?:host|hostname|port|user|username|name|database|dbname|region|type|engine)$/i;

/** Spans of the values under `data` and `stringData` of a Kubernetes Secret written in YAML; the keys stay. */
export function kubernetesSecretSpans(text: string): Span[] {
  if (!text.includes('Secret') || !KIND.test(text)) return [];
  const spans: Span[] = [];
  let start = 0;
  for (const document of text.split(/^(?=---)/m)) {
    if (KIND.test(document)) spans.push(...documentSpans(document, start));
    start += document.length;
  }
  return spans;
}

function documentSpans(document: string, offset: number): Span[] {
  const spans: Span[] = [];
  for (const match of matchesOf(document, DATA)) {
    const indent = (match[1] as string).length;
    for (let at = match.index + match[0].length; at < document.length; ) {
      const newline = document.indexOf('\n', at);
      const end = newline === -1 ? document.length : newline;
      const line = document.slice(at, end);
      const trimmed = line.trimStart();
      if (trimmed !== '' && line.length - trimmed.length <= indent) break;
      const entry = ENTRY.exec(line);
      const start = at + (entry?.[0].length ?? line.length - trimmed.length);
      const stop = document[end - 1] === '\r' ? end - 1 : end;
      if (stop > start && !ORDINARY.test(entry?.[1] ?? ''))
        spans.push({ start: offset + start, end: offset + stop });
      at = end + 1;
    }
  }
  return spans;
}
