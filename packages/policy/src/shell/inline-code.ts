import { type ShellContext, spanIn } from './shell-context.ts';
import { Verdict } from './verdict.ts';
import { literalValue, type WordValue } from './word.ts';

/** Languages whose inline code (`python -c`, `perl -e` …) is read for what it may do. */
export type Language = 'python' | 'perl' | 'ruby' | 'node' | 'php' | 'lua';

/**
 * Words by which inline code spawns, deletes, decodes, reaches other code by name, or touches devices.
 * Substrings on purpose: code is not parsed, so anything that looks like it rounds up.
 */
const COMMON =
  /system|exec|spawn|popen|fork|eval|compile|unlink|rmtree|rmdir|remove|delete|truncate|rename|chmod|chown|kill|base64|b64|decode|fromhex|unhexlify|\\x|\\u00|\bpack\b|socket|urlopen|https?:|requests|\/dev\/|\/etc\/|\/proc\/|\/sys\/|__|getattr|import_module|importlib|ctypes|marshal|pickle|reboot|shutdown|mkfs|chr\(/i;

const BY_LANGUAGE: Record<Language, RegExp> = {
  python:
    /subprocess|shutil|\bpty\b|os\s*\.\s*(?!path|getcwd|environ\b|listdir|sep|name|uname|getpid|cpu_count|stat\b)\w|runpy|codecs|open\s*\([^)]{0,200},\s*(?:mode\s*=\s*)?['"][rbt]{0,3}[wax+]|write_text|write_bytes|asyncio/,
  perl: /`|\bqx\b|open\s*\(?\s*\w*[^;]{0,200}["']\s*[|>+]|\|["']|\bdo\s*["'$]|\brequire\b|\bsyscall\b|\bs\/[^/]{0,200}\/[^/]{0,200}\/\w{0,8}e/,
  ruby: /`|%x|\bIO\b|\bFile\.(?!read|exist|basename|dirname|extname|join|size|stat)|FileUtils|\bsend\b|Process|Open3|Kernel|Object\b|const_get/,
  node: /child_process|\bfs\b|process\.(?!version|versions|arch|platform|env|argv|cwd|uptime|memoryUsage|stdout|hrtime)|require\s*\(\s*(?!['"](?:node:)?(?:os|path|util|url|querystring|assert)['"]\s*\))|import\s*\(|Function|constructor|atob|Buffer|worker|\bvm\b/,
  php: /`|passthru|proc_|shell_|assert|include|require|call_user_func|\$\w+\s*\(|file_put|fopen|fwrite|create_function|preg_replace/,
  lua: /os\.|io\.|load|require|dofile|debug\./,
};

/** Most strings of one piece of code that are tried as commands. */
const STRINGS_MAX = 16;

/** Judges inline code: at least `T2`; `T3` when it may spawn, delete, write or decode, or is not known. */
export function judgeInlineCode(
  language: Language,
  code: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  const span = spanIn(context, code);
  if (code.kind !== 'literal') {
    verdict.raise(3, 'unknown-code', `the ${language} code is not known`, span, entry);
    return;
  }
  if (FORK_LOOP.test(code.text))
    return verdict.deny('fork-bomb', `${language} code that forks without end`, span, entry);
  if (!COMMON.test(code.text) && !BY_LANGUAGE[language].test(code.text)) {
    verdict.raise(2, 'inline-code', `inline ${language} code`, span, entry);
    return;
  }
  verdict.raise(
    3,
    'inline-code-acts',
    `${language} code that spawns, deletes, writes or decodes`,
    span,
    entry,
  );
  judgeStrings(code, context, verdict);
}

const FORK_LOOP =
  /\bfork\b[\s()]*while\b|\bwhile\b[\s(]*(?:1|true|True|fork)\b[^;]{0,40}\bfork\b|\bwhile\s+fork\b|\bloop\b[\s{]*fork\b/;

/** Strings of code that acts are tried as commands, one by one and joined: `run(["rm", "-rf", "/"])`. */
function judgeStrings(code: WordValue, context: ShellContext, verdict: Verdict): void {
  const strings: string[] = [];
  for (const found of code.text.matchAll(
    /"((?:[^"\\]|\\.){0,400})"|'((?:[^'\\]|\\.){0,400})'|`([^`]{0,400})`|\bqx?\{([^}]{0,400})\}/g,
  )) {
    strings.push(found[1] ?? found[2] ?? found[3] ?? found[4] ?? '');
    if (strings.length >= STRINGS_MAX) break;
  }
  const commands = [...strings, strings.join(' ')];
  if (/rmtree|rm_rf|rm_r\b|rmSync|remove_tree|rimraf|deleteTree/.test(code.text))
    commands.push(...strings.map((text) => `rm -rf ${text}`));
  for (const command of commands) {
    const part = new Verdict();
    context.engine.judgeText(literalValue(command, code.start, code.end), context, part, { kind: 'string' });
    if (part.denied) return verdict.absorb(part);
  }
}
