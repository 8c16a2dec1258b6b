import type { Environment } from './environment.ts';
import { judgePath, type JudgedPath, type PathClass } from './paths.ts';
import { type ShellContext, spanIn } from './shell-context.ts';
import type { Verdict } from './verdict.ts';
import type { WordValue } from './word.ts';

/** What is done to a path. `-tree` forms reach everything below it. */
export type Effect =
  | 'write'
  | 'write-tree'
  | 'delete'
  | 'delete-tree'
  | 'move'
  | 'metadata'
  | 'metadata-tree'
  | 'device';

/** A tier rank, or the code under which the effect stands on the deny list. */
type Outcome = number | string;

const DISK = 'disk-overwrite';
const WIPE = 'root-wipe';
const TREE_WIPE = 'system-tree-wipe';
const OVERWRITE = 'system-tree-overwrite';
const PERMISSIONS = 'root-permissions';

/** Columns: write, write-tree, delete, delete-tree, move, metadata, metadata-tree, device. */
const COLUMNS: readonly Effect[] = [
  'write',
  'write-tree',
  'delete',
  'delete-tree',
  'move',
  'metadata',
  'metadata-tree',
  'device',
];
const OUTCOMES: Record<PathClass, readonly Outcome[]> = {
  null: [0, 0, 3, 3, 3, 2, 3, 0],
  'block-device': [DISK, DISK, 3, 3, 3, 2, 3, DISK],
  device: [3, 3, 3, 3, 3, 2, 3, 3],
  network: [3, 3, 3, 3, 3, 3, 3, 3],
  root: [3, OVERWRITE, 3, WIPE, WIPE, 3, PERMISSIONS, DISK],
  'system-tree': [3, OVERWRITE, 3, TREE_WIPE, TREE_WIPE, 3, PERMISSIONS, 3],
  'top-directory': [2, 3, 3, TREE_WIPE, TREE_WIPE, 3, PERMISSIONS, 3],
  credentials: [3, 3, 3, 3, 3, 3, 3, 3],
  boot: [3, 3, 3, 3, 3, 2, 3, 3],
  'kernel-trigger': [3, 3, 3, 3, 3, 3, 3, 3],
  kernel: [2, 2, 2, 3, 2, 2, 3, 3],
  cron: [3, 3, 3, 3, 3, 2, 3, 3],
  rc: [2, 2, 2, 3, 2, 2, 2, 3],
  configuration: [2, 2, 2, 3, 2, 2, 3, 3],
  system: [2, 2, 2, 3, 2, 2, 3, 3],
  workspace: [1, 1, 2, 3, 1, 1, 2, 3],
  scratch: [1, 1, 2, 3, 1, 1, 2, 3],
  home: [1, 1, 2, 3, 1, 1, 2, 3],
  other: [2, 2, 2, 3, 2, 2, 2, 3],
  unknown: [2, 2, 2, 3, 2, 2, 3, 3],
};

/** Raises the verdict by what the effect does to the path that the value names. */
export function judgeEffect(
  effect: Effect,
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry?: string,
): void {
  const { environment } = context;
  if (environment.otherDirectories.length === 0)
    return judgeEffectIn(environment, effect, value, context, verdict, entry);
  for (const place of environment.inEachDirectory())
    judgeEffectIn(place, effect, value, context, verdict, entry);
}

function judgeEffectIn(
  environment: Environment,
  effect: Effect,
  value: WordValue,
  context: ShellContext,
  verdict: Verdict,
  entry: string | undefined,
): void {
  const judged = judgePath(value, environment);
  const outcome = outcomeOf(effect, judged);
  const detail = `${effect} ${judged.path ?? (value.text || '?')} (${judged.pathClass})`;
  if (typeof outcome === 'string') verdict.deny(outcome, detail, spanIn(context, value), entry);
  else if (outcome > 0)
    verdict.raise(outcome, `${effect}-${judged.pathClass}`, detail, spanIn(context, value), entry);
  if (effect === 'write' && judged.path !== null) context.writtenFiles.set(judged.path, null);
}

function outcomeOf(effect: Effect, judged: JudgedPath): Outcome {
  return OUTCOMES[judged.pathClass][COLUMNS.indexOf(effect)] ?? 3;
}
