/** Longer beginnings tell hardly more. */
const LITERAL_CHARS_MAX = 4;

/**
 * A lookahead for the literal characters with which the alternatives of a pattern begin. A regular-expression engine
 * reads a list of plain words as a tree, but tries alternatives that hold classes one after another at every position
 * of a text; behind this lookahead it seldom has to. It admits whatever the pattern admits.
 */
export function beginsLike(source: string): string {
  const literals = leadingLiterals(source);
  return literals.includes('') ? '' : `(?=${[...new Set(literals)].sort().join('|')})`;
}

function leadingLiterals(source: string): string[] {
  return alternatives(source).flatMap((alternative) => {
    const group = alternative.startsWith('(?:') ? groupEnd(alternative) : -1;
    if (group !== -1 && !/^[?*{]/.test(alternative.slice(group + 1)))
      return leadingLiterals(alternative.slice(3, group));
    return [leadingLiteral(alternative)];
  });
}

function leadingLiteral(alternative: string): string {
  const units = /^(?:[A-Za-z0-9_/-]|\\[$.{])*/.exec(alternative)?.[0].match(/\\?./g) ?? [];
  const rest = alternative.slice(units.join('').length);
  if (/^[?*{]/.test(rest)) units.pop();
  return units.slice(0, LITERAL_CHARS_MAX).join('');
}

function alternatives(source: string): string[] {
  const found: string[] = [];
  let start = 0;
  walkSyntax(source, (char, depth, at) => {
    if (char !== '|' || depth !== 0) return false;
    found.push(source.slice(start, at));
    start = at + 1;
    return false;
  });
  return [...found, source.slice(start)];
}

function groupEnd(source: string): number {
  let end = -1;
  walkSyntax(source, (char, depth, at) => {
    if (char !== ')' || depth !== 0) return false;
    end = at;
    return true;
  });
  return end;
}

// Visits each syntax character outside of classes and escapes, with the depth of groups around it, until told to stop.
function walkSyntax(source: string, visit: (char: string, depth: number, at: number) => boolean): void {
  let depth = 0;
  let inClass = false;
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at] as string;
    if (char === '\\') at += 1;
    else if (inClass) inClass = char !== ']';
    else if (char === '[') inClass = true;
    else {
      if (char === ')') depth -= 1;
      if (visit(char, depth, at)) return;
      if (char === '(') depth += 1;
    }
  }
}
