const ESCAPES: Readonly<Record<string, string>> = { f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/**
 * The words of `env -S STRING`: quotes, escapes and comments as GNU env reads them. `null` stands for a word
 * with a `${VARIABLE}` in it, whose text is not known here.
 */
export function splitString(text: string): (string | null)[] {
  return new Splitter(text).run();
}

class Splitter {
  readonly #text: string;
  readonly #words: (string | null)[] = [];
  #at = 0;
  #word = '';
  #isOpen = false;
  #isKnown = true;
  #quote = '';

  constructor(text: string) {
    this.#text = text;
  }

  run(): (string | null)[] {
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at++);
      if (character === '\\' ? this.#escape() : this.#plain(character)) break;
    }
    this.#close();
    return this.#words;
  }

  /** True at a comment: the rest is nothing. */
  #plain(character: string): boolean {
    if (character === this.#quote && character !== '') this.#quote = '';
    else if (this.#quote === '' && (character === '"' || character === "'")) {
      this.#quote = character;
      this.#isOpen = true;
    } else if (this.#quote === '' && /\s/.test(character)) this.#close();
    else if (this.#quote === '' && character === '#' && !this.#isOpen) return true;
    else this.#add(character, !(character === '$' && this.#quote !== "'"));
    return false;
  }

  /** True after `\c`, which ends the string. */
  #escape(): boolean {
    const next = this.#text.charAt(this.#at++);
    if (this.#quote === "'" && next !== "'" && next !== '\\') this.#add(`\\${next}`, true);
    else if (next === 'c' && this.#quote === '') return true;
    else if (next === '_' && this.#quote === '') this.#close();
    else this.#add(next === '_' ? ' ' : (ESCAPES[next] ?? next), true);
    return false;
  }

  #add(text: string, isKnown: boolean): void {
    this.#word += text;
    this.#isOpen = true;
    this.#isKnown &&= isKnown;
  }

  #close(): void {
    if (this.#isOpen) this.#words.push(this.#isKnown ? this.#word : null);
    this.#word = '';
    this.#isOpen = false;
    this.#isKnown = true;
  }
}
