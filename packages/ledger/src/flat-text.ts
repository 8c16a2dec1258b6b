/**
 * The same text in one piece. The engine keeps a text that was put together as its parts, and its JSON encoder
 * and Buffers take several times as long for such a one, each time. For texts that are used many times.
 */
export function flatText(text: string): string {
  return Buffer.from(text).toString('utf8');
}
