import type { PsItem, PsPart } from './ps-item.ts';

/** Variables every PowerShell has, with values that judge like the real ones. */
const STANDARD: ReadonlyMap<string, string> = new Map(
  Object.entries({
    true: '$true',
    false: '$false',
    null: '$null',
    pwd: '.',
    home: 'C:\\Users\\user',
    'env:systemdrive': 'C:',
    'env:homedrive': 'C:',
    'env:systemroot': 'C:\\Windows',
    'env:windir': 'C:\\Windows',
    'env:temp': 'C:\\Temp',
    'env:tmp': 'C:\\Temp',
    'env:userprofile': 'C:\\Users\\user',
    'env:home': 'C:\\Users\\user',
    'env:appdata': 'C:\\Users\\user\\AppData\\Roaming',
    'env:localappdata': 'C:\\Users\\user\\AppData\\Local',
    'env:programfiles': 'C:\\Program Files',
    'env:programdata': 'C:\\ProgramData',
    'env:allusersprofile': 'C:\\ProgramData',
    'env:public': 'C:\\Users\\Public',
    'env:comspec': 'C:\\Windows\\System32\\cmd.exe',
    pshome: 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0',
    profile: 'C:\\Users\\user\\profile.ps1',
  }),
);

/** Bound of a resolved text, in UTF-16 units; a longer one is not known. */
export const PS_VALUE_LENGTH_MAX: number = 16 * 1024;

/**
 * The values of variables in straight-line code. A variable set anywhere inside a block is never known, and neither is
 * any variable read inside one: blocks may run later, again, or with parameters of the same name.
 */
export class PsVariables {
  readonly #values = new Map<string, string | null>();
  readonly #fickle = new Set<string>();
  readonly #assigned = new Set<string>();
  #forgotten = false;

  constructor(items: readonly PsItem[]) {
    for (const item of items) {
      if (item.kind !== 'assignment') continue;
      this.#assigned.add(item.name);
      if (item.depth > 1) this.#fickle.add(item.name);
    }
  }

  assign(name: string, value: string | null): void {
    this.#values.set(name, value);
  }

  forget(): void {
    this.#forgotten = true;
  }

  /** The text of `parts`, or null when some of it is not known. */
  resolve(parts: readonly PsPart[], depth: number): string | null {
    let text = '';
    for (const part of parts) {
      const piece = part === null || typeof part === 'string' ? part : this.#value(part.variable, depth);
      if (piece === null) return null;
      text += piece;
      if (text.length > PS_VALUE_LENGTH_MAX) return null;
    }
    return text;
  }

  #value(name: string, depth: number): string | null {
    if (this.#forgotten) return null;
    if (!this.#assigned.has(name)) return STANDARD.get(name) ?? null;
    if (depth > 1 || this.#fickle.has(name)) return null;
    return this.#values.get(name) ?? null;
  }
}
