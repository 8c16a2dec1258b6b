import { PsValues } from './ps-values.ts';

/** Reads what follows a value: members, indexes; and the names of types. */
export abstract class PsMembers extends PsValues {
  protected typeName(): string {
    let depth = 0;
    const start = this.at;
    for (; this.at < this.text.length; this.at += 1) {
      if (this.peek() === '[') depth += 1;
      if (this.peek() === ']') depth -= 1;
      if (depth === 0) break;
      if (this.peek() === '(' || this.peek() === '{') break;
    }
    if (this.peek() === ']') {
      this.at += 1;
      return this.text
        .slice(start + 1, this.at - 1)
        .replace(/\s/g, '')
        .toLowerCase();
    }
    // An attribute with arguments, such as [Parameter(Mandatory)].
    this.bracketed();
    return '';
  }

  protected bracketed(): void {
    while (!this.stopped && this.peek() !== ']') {
      const char = this.peek();
      if (char === '(' || char === '{') {
        this.at += 1;
        this.statements(char === '(' ? ')' : '}');
      } else this.at += 1;
    }
    this.at += 1;
  }

  /** `.Name`, `::Name`, `[index]` behind a value. */
  protected memberOf(char: string, type: string | null): boolean {
    const isStatic = char === ':' && this.peek(1) === ':';
    const isMember = char === '.' && this.peek(1) !== '.' && /[\w"'$({\u2018-\u201f]/.test(this.peek(1));
    if (char === '[' && type === null) {
      this.at += 1;
      this.index();
      return true;
    }
    if (!isStatic && !isMember) return false;
    const start = this.at;
    this.at += isStatic ? 2 : 1;
    const name = this.memberName();
    const called = this.peek() === '(' || this.peek() === '{';
    if (this.peek() === '(') {
      this.at += 1;
      this.statements(')');
    }
    this.emit({ kind: 'member', type, name, called, isStatic, start, end: this.at });
    return true;
  }

  protected index(): void {
    while (!this.stopped && this.peek() !== ']') {
      this.skip(true);
      if (this.peek() === ']') break;
      const before = this.at;
      if (this.operand() === null && this.at === before) this.at += 1;
    }
    this.at += 1;
  }

  protected memberName(): string | null {
    const char = this.peek();
    if (/\w/.test(char)) {
      const start = this.at;
      while (/\w/.test(this.peek())) this.at += 1;
      return this.text.slice(start, this.at).toLowerCase();
    }
    const parts = this.operand();
    return parts?.length === 1 && typeof parts[0] === 'string' ? parts[0].toLowerCase() : null;
  }
}
