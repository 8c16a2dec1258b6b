import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '@praxis/core';
import { type FactStore, openSqliteFactStore } from '@praxis/facts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  blessBaseline,
  collectLocal,
  convergenceRequests,
  loadInventory,
  parseTelemetry,
  planConvergence,
  scanDrift,
} from '../src/index.ts';

const PASSWD = 'root:x:0:0:root:/root:/bin/bash\ndeploy:x:1000:1000::/home/deploy:/bin/sh\n';
const inventory = loadInventory('hosts: [{name: lab1, host_type: ubuntu}]', 'inventory.yaml');

let folder: string;
let store: FactStore;

async function observe(): Promise<void> {
  const { facts, typed } = await collectLocal({ root: folder, subject: 'host:lab1', clock: systemClock });
  await store.putMany(
    [...facts, ...typed].map((fact) => ({ ...fact, actor: 'collector:local', reason: 'observed' })),
  );
}

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'drift-tour-'));
  mkdirSync(path.join(folder, 'etc'));
  writeFileSync(path.join(folder, 'etc/passwd'), PASSWD);
  writeFileSync(path.join(folder, 'etc/group'), 'root:x:0:\n');
  store = await openSqliteFactStore({ path: path.join(folder, 'facts.db'), clock: systemClock });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('observing, blessing and finding drift', () => {
  it('finds exactly the account that was added, proposes its removal, and is quiet when it is gone', async () => {
    await observe();
    await blessBaseline(store, { subject: 'host:lab1', actor: 'operator', reason: 'fresh install' });
    expect((await scanDrift(store, { clock: systemClock })).findings).toEqual([]);

    writeFileSync(path.join(folder, 'etc/passwd'), `mallory:x:1001:1001::/home/m:/bin/sh\n${PASSWD}`);
    await observe();
    const { findings } = await scanDrift(store, { clock: systemClock });
    expect(findings.map((finding) => finding.predicate)).toEqual(['file_digests', 'users']);
    const users = findings[1];
    expect(users?.detail).toMatchObject({ added: [{ username: 'mallory' }], removed: [], changed: [] });
    const requests = users === undefined ? [] : convergenceRequests(planConvergence(users, inventory));
    expect(requests).toMatchObject([{ host: 'lab1', action: 'userdel mallory', tier: 'T2', dry_run: true }]);

    writeFileSync(path.join(folder, 'etc/passwd'), PASSWD);
    await observe();
    expect((await scanDrift(store, { clock: systemClock })).findings).toEqual([]);
  });

  it('lets no telemetry hide a fact by naming a classification', async () => {
    const raw = 'classification=restricted\nuid=0\n';
    const { facts } = parseTelemetry({
      collector: 'probe',
      subject: 'host:lab1',
      predicate: 'id',
      raw,
      now: 0,
    });
    await store.putMany(facts.map((fact) => ({ ...fact, actor: 'collector:probe', reason: 'observed' })));
    const page = await store.query({ subject: 'host:lab1', predicate: 'id' });
    expect(page.withheld).toBe(0);
    expect(page.facts).toMatchObject([{ value: { classification: 'restricted' } }]);
  });
});
