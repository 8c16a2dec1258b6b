import type { Json, JsonObject } from '@praxis/core';
import { type ConvergenceRule, oddName, type Proposal, textColumn } from './proposal.ts';
import { isStrict } from './strict-names.ts';

/** Watched files: mode and owner are put back; for contents praxis keeps a digest, never a copy. */
export const fileRule: ConvergenceRule = {
  added: (row) => {
    const path = textColumn(row, 'path');
    if (!isStrict('path', path)) return [oddName('file')];
    // cron, sudo and run-parts all skip names with a dot, so the renamed file has no effect where it is.
    const aside = `${path}.praxis-quarantine`;
    return [
      {
        argv: ['mv', '--no-clobber', '--', path, aside],
        rationale: `\`${path}\` is not in the baseline: put it aside, keep it as evidence`,
        reversible: true,
        undo: ['mv', '--no-clobber', '--', aside, path],
      },
    ];
  },
  removed: (row) => [
    {
      needsPerson: `${JSON.stringify(textColumn(row, 'path') ?? '')} is gone: restore it from a backup or its package`,
    },
  ],
  changed: (before, after) => {
    const path = textColumn(before, 'path');
    if (!isStrict('path', path)) return [oddName('file')];
    const proposals: Proposal[] = [];
    if (before['sha256'] !== after['sha256']) proposals.push(inspect(path, 'has other contents'));
    if (before['mode'] !== after['mode']) proposals.push(setMode(path, before, after));
    if (before['uid'] !== after['uid'] || before['gid'] !== after['gid'])
      proposals.push(setOwner(path, before, after));
    return proposals.length > 0 ? proposals : [inspect(path, 'changed')];
  },
};

/** The paths of an AIDE report: the changed lists hold what has newly appeared in them. */
export function inspectReportedPaths(before: Json, after: Json): readonly Proposal[] {
  const known = new Set<Json>(Array.isArray(before) ? before : []);
  const fresh = Array.isArray(after) ? after.filter((path: Json) => !known.has(path)) : [];
  return fresh.slice(0, 20).map((path: Json) => {
    return typeof path === 'string' && isStrict('path', path)
      ? inspect(path, 'was reported')
      : oddName('file');
  });
}

function inspect(path: string, why: string): Proposal {
  return {
    argv: ['stat', '--', path],
    rationale: `\`${path}\` ${why}: look at it, then restore it from a backup or its package`,
    reversible: true,
  };
}

function setMode(path: string, before: JsonObject, after: JsonObject): Proposal {
  const [wanted, present] = [textColumn(before, 'mode'), textColumn(after, 'mode')];
  if (!isStrict('mode', wanted) || !isStrict('mode', present)) return oddName('file mode');
  return {
    argv: ['chmod', wanted, '--', path],
    rationale: `the baseline has mode ${wanted} for \`${path}\``,
    reversible: true,
    undo: ['chmod', present, '--', path],
  };
}

function setOwner(path: string, before: JsonObject, after: JsonObject): Proposal {
  const wanted = owner(before);
  const present = owner(after);
  if (wanted === null || present === null) return oddName('file owner');
  return {
    argv: ['chown', wanted, '--', path],
    rationale: `the baseline has owner ${wanted} for \`${path}\``,
    reversible: true,
    undo: ['chown', present, '--', path],
  };
}

function owner(row: JsonObject): string | null {
  const [uid, gid] = [textColumn(row, 'uid'), textColumn(row, 'gid')];
  return isStrict('id', uid) && isStrict('id', gid) ? `${uid}:${gid}` : null;
}
