import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allTools } from '../src/index.ts';
import { aServer, taintWhenRefused, type TestServer } from './a-server.ts';
import { anHttpServer, TOKEN } from './an-http-server.ts';

type Era = 'legacy' | 'auto';
const ERAS: readonly Era[] = ['legacy', 'auto'];

/** The real client, connected in one of the protocol's two eras. */
async function connected(url: string, mode: Era): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
  const headers = { Authorization: `Bearer ${TOKEN}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  onTestFinished(() => client.close());
  return client;
}

async function call(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const { structuredContent } = await client.callTool({ name, arguments: args });
  return structuredContent as Record<string, unknown>;
}

/** A preview that goes on until it is aborted, and what became of it. */
function slowPreview({ services }: TestServer): { started: Promise<void>; aborted: Promise<void> } {
  const started = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<void>();
  const { gate } = services;
  const act = gate.act.bind(gate);
  gate.act = (action, context) =>
    act(
      {
        ...action,
        preview: (signal) =>
          new Promise((_resolve, reject) => {
            started.resolve();
            signal.addEventListener('abort', () => {
              aborted.resolve();
              reject(new Error('aborted'));
            });
          }),
      },
      context,
    );
  return { started: started.promise, aborted: aborted.promise };
}

/** The records of what was asked: a client of the older era also tries GET, which is refused. */
function asked(server: TestServer): Readonly<Record<string, unknown>>[] {
  return server.records().filter(({ tool }) => tool !== 'http');
}

describe.each(ERAS)('a real client that negotiates %s', (mode) => {
  it('lists the tools, calls one, and each call is recorded', async () => {
    const server = await aServer();
    const client = await connected((await anHttpServer(server)).url, mode);
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual([...allTools(server.services).keys()]);
    expect(await call(client, 'query_facts')).toMatchObject({ decision: 'allowed', facts: [] });
    expect(asked(server)).toEqual([expect.objectContaining({ tool: 'query_facts', kind: 'read' })]);
  });

  it('hears why an unknown tool and a bad argument are refused', async () => {
    const server = await aServer();
    const client = await connected((await anHttpServer(server)).url, mode);
    expect(await call(client, 'no_such_tool')).toMatchObject({ reason: 'unknown_tool' });
    expect(await call(client, 'query_facts', { nope: 1 })).toMatchObject({ reason: 'invalid_arguments' });
    expect(asked(server).map(({ reason }) => reason)).toEqual(['unknown_tool', 'invalid_arguments']);
  });

  it('carries what it has read into everything that it does next', async () => {
    const server = await aServer();
    const client = await connected((await anHttpServer(server)).url, mode);
    await call(client, 'ingest_observation', { collector: 'probe', subject: 'host:web1', raw: 'A=1' });
    const taint = taintWhenRefused(server);
    await call(client, 'no_such_tool');
    expect([...taint.values()]).toEqual([true]);
  });

  it('cancels its call when it aborts', async () => {
    const server = await aServer();
    server.dir.write('runbooks/look.sh', 'uptime\n');
    const { started, aborted } = slowPreview(server);
    const client = await connected((await anHttpServer(server)).url, mode);
    const controller = new AbortController();
    const request = {
      name: 'run_action',
      arguments: { adapter: 'runbook', host: 'web1', action: 'look.sh' },
    };
    const answer = client.callTool(request, { signal: controller.signal });
    await started;
    controller.abort();
    await expect(answer).rejects.toThrow();
    await aborted;
    expect(server.services.killSwitch.tripped()).toBe(false);
  });
});

describe('clients of both eras', () => {
  it('are one caller: what a session has read taints the requests without one', async () => {
    const server = await aServer();
    const { url } = await anHttpServer(server);
    const [modern, legacy] = [await connected(url, 'auto'), await connected(url, 'legacy')];
    await call(legacy, 'ingest_observation', { collector: 'probe', subject: 'host:web1', raw: 'A=1' });
    const taint = taintWhenRefused(server);
    await call(modern, 'no_such_tool');
    expect([...taint.values()]).toEqual([true]);
  });
});
