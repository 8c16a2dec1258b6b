import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionHeaderFields } from '@praxis/ledger';
import { readConfig } from '@praxis/mcp-server';
import { makeTempDir, type TempDir } from '@praxis/testkit';
import { onTestFinished } from 'vitest';
import { openRuntime, type Runtime } from '../src/runtime.ts';

/** What binds a session of a ledger that a test opens by itself. */
export const A_SESSION: SessionHeaderFields = {
  version: '0.1.0',
  buildDigest: 'b'.repeat(64),
  mode: 'guarded',
  configDigest: 'c'.repeat(64),
  auditRetentionDays: 365,
  evidenceRetentionDays: 365,
  operator: 'operator:test',
};

/** A place where a praxis may live, and what it would be started with. */
export interface Site {
  readonly dir: TempDir;
  /** The data directory; nothing makes it but praxis. */
  readonly state: string;
  readonly env: Record<string, string>;
  readonly ledger: string;
  /** Starts a praxis here. It ends with the test. */
  start(more?: Readonly<Record<string, string>>): Promise<Runtime>;
  records(): Readonly<Record<string, unknown>>[];
}

/** An empty place. */
export function aSite(): Site {
  const dir = makeTempDir();
  onTestFinished(() => dir.remove());
  const state = join(dir.path, 'state');
  const env = { HOME: dir.path, PRAXIS_DATA_DIR: state };
  const ledger = join(state, 'audit.jsonl');
  return {
    dir,
    state,
    env,
    ledger,
    start: async (more = {}) => {
      const runtime = await openRuntime(readConfig({ ...env, ...more }), { log: () => undefined });
      onTestFinished(() => runtime.close());
      return runtime;
    },
    records: () =>
      readFileSync(ledger, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>),
  };
}

/** Starts a praxis in an empty place, ends it, and answers the place. */
export async function aUsedSite(): Promise<Site> {
  const site = aSite();
  await (await site.start()).close();
  return site;
}
