import { systemClock } from '@praxis/core';
import { openMemoryFactStore } from '@praxis/facts';
import { describe, expect, it } from 'vitest';
import { parseTelemetry } from '../collectors/parse-telemetry.ts';
import { cisBaselineFacts } from './cis-seed.ts';
import { scanDrift } from './scan.ts';

const seed = (scopes: ('node' | 'controlplane' | 'cluster')[]): ReturnType<typeof cisBaselineFacts> =>
  cisBaselineFacts({ subject: 'host:cp1', scopes, actor: 'operator' });

describe('cisBaselineFacts', () => {
  it('seeds the active controls of the scopes asked for', () => {
    expect(seed(['node', 'controlplane', 'cluster'])).toHaveLength(17);
    expect(seed(['node'])).toHaveLength(7);
    expect(seed([])).toEqual([]);
    expect(seed(['node']).map((fact) => fact.predicate)).not.toContain('cis:talos:kubelet-event-qps');
    expect(JSON.parse(seed(['cluster'])[0]?.reason ?? '')).toMatchObject({ cis_ref: '5.2.1', scored: false });
  });

  it('meets the collector’s facts: what agrees is no drift, what differs is critical', async () => {
    const store = openMemoryFactStore({ clock: systemClock });
    await store.putMany(
      seed(['cluster', 'controlplane']).filter(({ predicate }) => /profiling|authorization/.test(predicate)),
    );
    const raw = JSON.stringify({
      'apiserver-authorization-mode': ['RBAC', 'Node'],
      'apiserver-profiling': 'False',
      'controller-manager-profiling': false,
      'scheduler-profiling': true,
    });
    const { facts } = parseTelemetry({ collector: 'cis', subject: 'host:cp1', raw, now: 0 });
    await store.putMany(facts.map((fact) => ({ ...fact, actor: 'collector:cis', reason: 'observed' })));
    expect((await scanDrift(store, { clock: systemClock })).findings).toMatchObject([
      { predicate: 'cis:talos:scheduler-profiling', kind: 'changed', severity: 'critical' },
    ]);
    await store.close();
  });
});
