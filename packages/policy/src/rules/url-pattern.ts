import { domainToASCII } from 'node:url';
import type { Selector } from './access-path.ts';
import {
  compilePattern,
  escapePattern,
  isPatternFault,
  type Pattern,
  type PatternFault,
  patternLiterals,
} from './pattern.ts';
import { matchesPattern } from './pattern-match.ts';
import { anyResource, patternSelector, type ResourceLanguage } from './indexed-rule.ts';
import { canonicalEscapes, type UrlReading } from './url-resource.ts';

/** A resource pattern as it applies to URLs: by parts when it names a scheme, as text when it does not. */
export type UrlTest = { readonly kind: 'text'; readonly pattern: Pattern } | UrlPattern;

/** A pattern with `://`: each part is matched by itself, so that no star reaches from one part into the next. */
export interface UrlPattern {
  readonly kind: 'url';
  readonly scheme: Pattern;
  readonly host: Pattern;
  readonly port: 'any' | 'default' | Pattern;
  readonly path: 'any' | Pattern;
  /** The same path with its escapes decoded, for decoded readings. */
  readonly decodedPath: 'any' | Pattern;
  readonly selector: Selector;
}

/** What the host of an allow ends in when the pattern stops after a dot: it matches no host. */
export const DEAD_END = '[.]';

interface UrlPatternParts {
  readonly scheme: string;
  readonly host: string;
  readonly port: string | null;
  readonly path: string | null;
}

/**
 * Compiles a resource pattern for URLs. A star that ends a pattern inside the host stands for any port and path, never for
 * more host; only a deny whose host would otherwise end in a dot also reads it as more host.
 */
export function compileUrlTest(source: string, effect: 'allow' | 'deny'): UrlTest | PatternFault {
  const whole = compilePattern(source);
  if (isPatternFault(whole)) return whole;
  const parts = splitUrlPattern(whole.source, effect);
  return parts === null
    ? { kind: 'text', pattern: whole }
    : (compileParts(parts) ?? { kind: 'text', pattern: whole });
}

/** URL patterns against readings of URLs. */
export const URL_LANGUAGE: ResourceLanguage<UrlTest, UrlReading> = {
  selector: (test) => (test.kind === 'text' ? patternSelector(test.pattern) : test.selector),
  matches: matchesUrl,
  prepare: (lists) => ({
    matches: (list, url) => anyResource(lists[list] ?? [], url, URL_LANGUAGE),
  }),
};

function matchesUrl(test: UrlTest, url: UrlReading): boolean {
  if (test.kind === 'text') return matchesPattern(test.pattern, url.href);
  if (!matchesPattern(test.host, url.host) || !matchesPattern(test.scheme, url.scheme)) return false;
  if (
    test.port === 'default' ? !url.isDefaultPort : test.port !== 'any' && !matchesPattern(test.port, url.port)
  ) {
    return false;
  }
  const path = url.isDecoded ? test.decodedPath : test.path;
  return path === 'any' || matchesPattern(path, url.path);
}

function splitUrlPattern(source: string, effect: 'allow' | 'deny'): UrlPatternParts | null {
  const at = source.indexOf('://');
  const scheme = source.slice(0, Math.max(at, 0)).toLowerCase();
  if (at < 1 || !/^[a-z0-9*?![\]+.-]+$/.test(scheme)) return null;
  const rest = source.slice(at + 3).replace(/#.*$/s, '');
  const slash = rest.indexOf('/');
  const authority = (slash < 0 ? rest : rest.slice(0, slash)).replace(/^.*@/s, '');
  if (slash >= 0) return { scheme, ...splitPort(authority), path: rest.slice(slash) };
  if (!/(?:^|[^\\])\*$/.test(authority)) return { scheme, ...splitPort(authority), path: '/' };
  const stem = authority.replace(/\*+$/, '');
  if (stem === '') return { scheme, host: '*', port: '*', path: null };
  if (stem.endsWith(':')) return { scheme, host: stem.slice(0, -1), port: '*', path: null };
  const { host, port } = splitPort(stem);
  if (port !== null) return { scheme, host, port: `${port}*`, path: null };
  return { scheme, host: openHost(host, effect), port: '*', path: null };
}

/** No host ends in a dot: an allow that would need more host matches none, a deny matches them all. */
function openHost(host: string, effect: 'allow' | 'deny'): string {
  if (!host.endsWith('.')) return host;
  return effect === 'deny' ? `${host}*` : `${host.slice(0, -1)}${DEAD_END}`;
}

function splitPort(authority: string): { host: string; port: string | null } {
  const ipv6 = /^(\[[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*\])(?::(.*))?$/is.exec(authority);
  if (ipv6 !== null) return { host: ipv6[1] ?? '', port: ipv6[2] ?? null };
  const colon = authority.lastIndexOf(':');
  if (colon < 0) return { host: authority, port: null };
  return { host: authority.slice(0, colon), port: authority.slice(colon + 1) };
}

function compileParts(parts: UrlPatternParts): UrlPattern | PatternFault | null {
  const scheme = compilePattern(parts.scheme);
  const host = compilePattern(canonicalHost(parts.host));
  const port = compilePort(parts);
  const path = parts.path === null ? 'any' : compilePattern(canonicalEscapes(encodeLiterals(parts.path)));
  const decodedPath = parts.path === null ? 'any' : compilePattern(decodeLiterals(parts.path));
  for (const part of [scheme, host, port, path, decodedPath]) {
    if (typeof part !== 'string' && isPatternFault(part)) return part;
  }
  // The loop has refused every fault; the casts only tell the type checker so.
  const pathPattern = path as 'any' | Pattern;
  const selector = {
    exact: null,
    literals: selectorLiterals(host as Pattern, pathPattern, decodedPath as 'any' | Pattern),
  };
  return {
    kind: 'url',
    scheme: scheme as Pattern,
    host: host as Pattern,
    port: port as 'any' | 'default' | Pattern,
    path: pathPattern,
    decodedPath: decodedPath as 'any' | Pattern,
    selector,
  };
}

// Every reading of a matching URL contains these runs: a path that is spelled in two ways offers none.
function selectorLiterals(host: Pattern, path: 'any' | Pattern, decodedPath: 'any' | Pattern): string[] {
  const literals = patternLiterals(host);
  if (path === 'any' || decodedPath === 'any' || path.source !== decodedPath.source) return literals;
  return [...literals, ...patternLiterals(path)];
}

function compilePort(parts: UrlPatternParts): 'any' | 'default' | Pattern | PatternFault {
  if (parts.port === null || parts.port === '') return 'default';
  return parts.port === '*' ? 'any' : compilePattern(parts.port);
}

function canonicalHost(host: string): string {
  if (host.startsWith('[') && host.includes(':')) {
    const url = `http://${host}/`;
    return escapePattern(URL.canParse(url) ? new URL(url).hostname : host.toLowerCase());
  }
  const lower = host
    .toLowerCase()
    .replace(/\*{2,}/g, '*')
    .replace(/\.$/, '');
  const hasWildcard = /[*?[\\]/.test(lower);
  if (!hasWildcard && URL.canParse(`http://${lower}/`)) return new URL(`http://${lower}/`).hostname;
  return lower.split('.').map(canonicalLabel).join('.');
}

function canonicalLabel(label: string): string {
  const isPlain = !/[*?[\\]/.test(label) && /[^\0-\x7f]/.test(label);
  return (isPlain ? domainToASCII(label) : label) || label;
}

// The parser writes these characters of a path as escapes; a pattern may spell them out.
function encodeLiterals(path: string): string {
  return path.replace(/[ "<>`{}^|]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decodeLiterals(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (run) => escapePattern(canonicalDecoded(run)));
}

function canonicalDecoded(run: string): string {
  try {
    return decodeURIComponent(run);
  } catch (error) {
    if (error instanceof URIError) return run;
    throw error;
  }
}
