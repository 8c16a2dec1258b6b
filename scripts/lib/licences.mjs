// Every package that praxis needs at run time must have had its licence read by a person.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The runtime dependencies of every workspace, transitively, read from `package-lock.json`:
 * `[{ name, version, licence }]`, sorted. Workspace packages themselves are not listed.
 */
export function runtimeDependencies(root) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const seen = new Map();
  const queue = Object.keys(lock).filter((path) => path !== '' && !path.includes('node_modules/'));
  const workspaces = new Set(queue);
  const visited = new Set(queue);
  while (queue.length > 0) {
    const path = queue.pop();
    const entry = lock[path];
    if (!workspaces.has(path)) seen.set(path, describe(root, path, entry));
    for (const name of wantedNames(entry)) {
      const found = locate(lock, path, name);
      if (found === null) continue;
      const target = lock[found].link ? lock[found].resolved : found;
      if (visited.has(target)) continue;
      visited.add(target);
      queue.push(target);
    }
  }
  return [...seen.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What is wrong with the review list, one line each; empty when everything was reviewed. */
export function licenceProblems(dependencies, reviewed) {
  const problems = [];
  const byName = new Map(reviewed.map((entry) => [entry.name, entry]));
  for (const { name, version, licence } of dependencies) {
    const review = byName.get(name);
    if (!review) problems.push(`${name}@${version} (${licence}) was never reviewed`);
    else if (review.licence !== licence)
      problems.push(`${name}@${version} says ${licence}, the review ${review.licence}`);
    else if (!/^\d{4}-\d{2}-\d{2}$/.test(review.reviewed ?? '')) problems.push(`${name}: no day of review`);
  }
  const used = new Set(dependencies.map((dependency) => dependency.name));
  for (const name of byName.keys())
    if (!used.has(name)) problems.push(`${name} is reviewed but no longer used`);
  return problems;
}

function wantedNames(entry) {
  // A peer that is not optional is installed, and so is part of what runs.
  const optionalPeers = entry.peerDependenciesMeta ?? {};
  const peers = Object.keys(entry.peerDependencies ?? {}).filter((name) => !optionalPeers[name]?.optional);
  return [
    ...Object.keys(entry.dependencies ?? {}),
    ...Object.keys(entry.optionalDependencies ?? {}),
    ...peers,
  ];
}

// Node's own search: from the package's folder upwards.
function locate(lock, from, name) {
  let base = from;
  for (;;) {
    const candidate = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (lock[candidate]) return candidate;
    if (base === '') return null;
    const cut = base.lastIndexOf('/node_modules/');
    base = cut >= 0 ? base.slice(0, cut) : '';
  }
}

function describe(root, path, entry) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const manifest = join(root, path, 'package.json');
  // The installed manifest is what ships; another platform's optional package is only in the lock file.
  const licence = existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).license : entry.license;
  return {
    name,
    version: entry.version,
    licence: typeof licence === 'string' ? licence : JSON.stringify(licence),
  };
}
