import { isBlank } from './ps-characters.ts';
import { PS_ITEMS_MAX, type PsItem, type PsPart } from './ps-item.ts';

/** A place in the text, and what has been found up to there. */
export class PsCursor {
  protected readonly text: string;
  protected readonly items: PsItem[] = [];
  protected readonly functions: Set<string> = new Set();
  protected at = 0;
  protected depth = 0;
  protected problem: string | null = null;

  constructor(text: string) {
    this.text = text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  }

  protected peek(offset = 0): string {
    return this.text[this.at + offset] ?? '';
  }

  protected get stopped(): boolean {
    return this.problem !== null || this.at >= this.text.length;
  }

  protected fail(problem: string): void {
    this.problem ??= problem;
  }

  protected emit(item: PsItem): void {
    if (this.items.length >= PS_ITEMS_MAX) this.fail('more items than the bound');
    else this.items.push(item);
  }

  /** Blanks, continued lines and comments; line ends too when `lines`. */
  protected skip(lines: boolean): void {
    for (;;) {
      const char = this.peek();
      if (isBlank(char) || (lines && char === '\n')) this.at += 1;
      else if (char === '`' && this.peek(1) === '\n') this.at += 2;
      else if (char === '#') this.at = endOr(this.text.indexOf('\n', this.at), this.text.length);
      else if (char === '<' && this.peek(1) === '#') this.blockComment();
      else return;
    }
  }

  protected blockComment(): void {
    const close = this.text.indexOf('#>', this.at + 2);
    if (close < 0) this.fail('unterminated comment');
    this.at = close < 0 ? this.text.length : close + 2;
  }

  protected bareAhead(): string {
    let end = this.at;
    while (end < this.text.length && end - this.at < 64 && !/[\s|;&(){},<>"'$`]/.test(this.text[end] ?? ''))
      end += 1;
    return this.text.slice(this.at, end);
  }

  protected atStatementEnd(): boolean {
    return /^[\n;)}|&]?$/.test(this.peek());
  }
}

/** Adds text to the last part when that is text, else as a part of its own. */
export function append(parts: PsPart[], text: string): void {
  const last = parts.at(-1);
  if (typeof last === 'string') parts[parts.length - 1] = last + text;
  else parts.push(text);
}

/** An index, or the fallback where nothing was found. */
export function endOr(index: number, fallback: number): number {
  return index < 0 ? fallback : index;
}
