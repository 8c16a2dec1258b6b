import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** One fenced block of a page. */
export interface FencedBlock {
  readonly page: string;
  readonly line: number;
  /** `sh`, `console`, `yaml`, … */
  readonly language: string;
  /** What stands behind the language: `no-run (why)`, `background`, or nothing. */
  readonly info: string;
  readonly text: string;
}

/** Every Markdown page of the project, by its path from the root. */
export function markdownPages(root: string): string[] {
  const top = readdirSync(root).filter((name) => name.endsWith('.md'));
  const docs = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return [...top, ...docs].sort((a, b) => (a < b ? -1 : 1));
}

/** The fenced blocks of a page, in order. */
export function fencedBlocks(root: string, page: string): FencedBlock[] {
  const blocks: FencedBlock[] = [];
  let open: { language: string; info: string; line: number; lines: string[] } | null = null;
  for (const [index, line] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    const fence = /^ *```(\S*) *(.*)$/.exec(line);
    if (fence === null) {
      open?.lines.push(line);
    } else if (open === null) {
      open = { language: fence[1] ?? '', info: fence[2] ?? '', line: index + 1, lines: [] };
    } else {
      const { lines, ...rest } = open;
      blocks.push({ page, ...rest, text: lines.join('\n') });
      open = null;
    }
  }
  if (open !== null) throw new Error(`${page}:${open.line}: a block is not closed`);
  return blocks;
}

/** The text of a page without its fenced blocks and code spans. */
export function prose(root: string, page: string): string {
  const text = readFileSync(join(root, page), 'utf8');
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, '').replace(/`[^`\n]*`/g, '');
}

/** Where the links of a page lead: files below the root with an optional anchor, or addresses elsewhere. */
export function linksOf(root: string, page: string): string[] {
  return [...prose(root, page).matchAll(/\]\(([^()\s]+)\)/g)].map((match) => match[1] ?? '');
}

/** The anchors that a page offers, as GitHub makes them from its headings. */
export function anchorsOf(root: string, page: string): ReadonlySet<string> {
  const text = readFileSync(join(root, page), 'utf8').replace(/^ *```[\s\S]*?^ *```$/gm, '');
  const headings = [...text.matchAll(/^#{1,6} +(.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** The praxis commands of a block: lines of `sh`, and lines behind `$ ` of `console`. */
export function praxisCommands({ language, text }: FencedBlock): string[] {
  const lines = text.split('\n').map((line) => line.trim());
  const typed =
    language === 'console'
      ? lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
      : lines;
  return typed.filter((line) => /(?:^|[|;&] *)(?:npx +)?praxis\b/.test(line));
}
