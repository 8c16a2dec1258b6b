/**
 * Control characters, format characters and every blank but the plain space, made visible: an agent's text must
 * neither repaint the terminal of its approver nor hide a word from them.
 */
export function visible(text: string): string {
  return text.replace(
    /(?! )[\p{Cc}\p{Cf}\p{Z}]/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
