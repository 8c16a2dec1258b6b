import { styleText } from 'node:util';

/** Tells the tour on standard output: steps, what they mean, what was typed and answered. */
export class Narrator {
  #step = 0;
  readonly #write: (text: string) => void;
  readonly #pauseMs: number;

  constructor(write: (text: string) => void, pauseMs: number) {
    this.#write = write;
    this.#pauseMs = pauseMs;
  }

  /** Opens a step: a title, and in a sentence or two what it means. */
  async step(title: string, meaning: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, this.#pauseMs));
    this.#step += 1;
    this.#write(`\n${styleText('bold', `${this.#step}. ${title}`)}\n${styleText('dim', wrap(meaning))}\n`);
  }

  /** Who does what: a command that a person would type, or a call that an agent makes. */
  does(who: 'agent' | 'operator' | 'attacker' | 'system', what: string): void {
    const style = { agent: 'cyan', operator: 'green', attacker: 'red', system: 'magenta' } as const;
    this.#write(`  ${styleText(style[who], who.padEnd(8))} ${what}\n`);
  }

  /** What came of it. */
  result(text: string): void {
    for (const line of text.split('\n')) this.#write(`           ${line}\n`);
  }

  /** The line that the ledger now ends in. */
  ledger(record: Readonly<Record<string, unknown>>): void {
    const fields = ['kind', 'decision', 'reason', 'tool', 'tier', 'target'] as const;
    const shown = fields.map((field) => record[field]).filter((value) => typeof value === 'string');
    const line = `#${Number(record['seq'])} ${shown.join(' ')}`;
    this.#write(`  ${styleText('yellow', 'ledger  ')} ${styleText('dim', line)}\n`);
  }
}

const WIDTH = 92;

function wrap(text: string): string {
  const lines: string[] = [];
  let line = '  ';
  for (const word of text.split(' ')) {
    if (line.length + word.length > WIDTH) {
      lines.push(line);
      line = '  ';
    }
    line += line === '  ' ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
