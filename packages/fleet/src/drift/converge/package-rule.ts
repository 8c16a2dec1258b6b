import type { JsonObject } from '@praxis/core';
import { type ConvergenceRule, oddName, type Proposal, textColumn } from './proposal.ts';
import { isStrict } from './strict-names.ts';

/** Debian packages: unexpected ones are removed, missing and changed ones set to the blessed version. */
export const packageRule: ConvergenceRule = {
  added: (row) => {
    const name = debianName(row);
    const version = textColumn(row, 'version');
    if (name === null) return [oddName('package')];
    const undo = isStrict('version', version) ? { undo: install(name, version) } : {};
    return [
      {
        argv: ['apt-get', 'remove', '--yes', name],
        rationale: `package \`${name}\` is not in the baseline`,
        reversible: 'undo' in undo,
        ...undo,
      },
    ];
  },
  removed: (row) => [setVersion(row, 'is missing')],
  changed: (before, after) => {
    if (before['version'] === after['version'])
      return [{ needsPerson: 'a package changed, but not its version' }];
    return [setVersion(before, 'has another version', textColumn(after, 'version'))];
  },
};

function setVersion(row: JsonObject, why: string, present?: string): Proposal {
  const name = debianName(row);
  const version = textColumn(row, 'version');
  if (name === null || !isStrict('version', version)) return oddName('package or its version');
  const undo = present === undefined ? ['apt-get', 'remove', '--yes', name] : install(name, present);
  const reversible = present === undefined || isStrict('version', present);
  return {
    argv: install(name, version),
    rationale: `package \`${name}\` ${why}; the baseline has ${version}`,
    reversible,
    ...(reversible ? { undo } : {}),
  };
}

function install(name: string, version: string): string[] {
  return ['apt-get', 'install', '--yes', '--allow-downgrades', `${name}=${version}`];
}

function debianName(row: JsonObject): string | null {
  const name = textColumn(row, 'name');
  const source = textColumn(row, 'source');
  if (source !== undefined && source !== 'dpkg' && source.startsWith('apk')) return null;
  return isStrict('package', name) ? name : null;
}
