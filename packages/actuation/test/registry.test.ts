import { describe, expect, it } from 'vitest';
import { adapters, findAdapter, inspectTools, WRAPPED_TOOLS } from '../src/index.ts';

describe('adapters', () => {
  const known = adapters({ inventory: () => [], runbookRoot: null });

  it('knows ssh and runbook, and neither takes a talos host', () => {
    expect([...known.keys()]).toEqual(['ssh', 'runbook']);
    for (const adapter of known.values()) expect(adapter.hostTypes).not.toContain('talos');
  });

  it.each(['', 'SSH', '__proto__', 'constructor'])('refuses the adapter %j', (name) => {
    expect(findAdapter(known, name)).toMatchObject({ refused: true, reason: 'adapter_unknown' });
  });
});

describe('inspectTools', () => {
  it('finds the wrapped tools of this machine with their versions', async () => {
    const tools = await inspectTools();
    expect(tools.map((tool) => tool.adapter)).toEqual(WRAPPED_TOOLS.map((tool) => tool.adapter));
    const bash = tools.find((tool) => tool.binary === 'bash');
    expect(bash?.path).toMatch(/\/bash$/);
    expect(bash?.version).toContain('bash');
  });
});
