import { join } from 'node:path';
import { allTools, readConfig } from '@praxis/mcp-server';
import { makeTempDir } from '@praxis/testkit';
import { dispatch } from '../apps/mcp-server/src/dispatch.ts';
import { openRuntime } from '../apps/cli/src/runtime.ts';
import { bareRecorder, type Measure, measureAll, printTable } from './support/measure.ts';

// The whole path of one call inside the process: from the parsed request to the durable record and the answer.
const COUNT = process.argv.includes('--full') ? 2000 : 300;
const CALLERS = 64;
const INVENTORY = 'hosts:\n  - { name: web1, host_type: ubuntu, actuation_paths: [local] }\n';

using dir = makeTempDir();
dir.write('state/runbooks/destroy.sh', 'rm -rf --no-preserve-root /\n');
const config = readConfig({
  HOME: dir.path,
  PRAXIS_DATA_DIR: join(dir.path, 'state'),
  PRAXIS_INVENTORY: dir.write('inventory.yaml', INVENTORY),
  PRAXIS_RUNBOOK_ROOT: join(dir.path, 'state', 'runbooks'),
});
const runtime = await openRuntime(config, { log: () => undefined });
const { services } = runtime;
const tools = allTools(services);
const session = services.sessions.open({ id: 'bench', principal: 'client:bench' });
await services.facts.put({
  subject: 'host:web1',
  predicate: 'status',
  value: { up: true },
  actor: 'bench',
  reason: 'bench',
});

async function call(name: string, args: unknown, decision: string): Promise<void> {
  const answer = await dispatch(tools, services, { name, args }, { session, requestId: '1', traceId: null });
  if (answer.body['decision'] !== decision) throw new Error(`${name}: ${JSON.stringify(answer.body)}`);
}

const CALLS: readonly (readonly [string, () => Promise<void>])[] = [
  ['T0 call (query_facts)', () => call('query_facts', { subject: 'host:web1' }, 'allowed')],
  ['refused before it is judged (unknown tool)', () => call('no_such_tool', {}, 'denied')],
  [
    'denied by the deny list (run_action, a runbook)',
    () =>
      call(
        'run_action',
        { adapter: 'runbook', host: 'web1', action: 'destroy.sh', dry_run: false },
        'denied',
      ),
  ],
];

const RECORD_BYTES = 1100;
const BARE = 'ceiling: JSON.parse, SHA-256, write, fdatasync; 1 caller';
const bare = bareRecorder(join(dir.path, 'bare.jsonl'), RECORD_BYTES);
const measures: Measure[] = [
  { what: BARE, work: bare.call, callers: 1, ceiling: null },
  ...[1, CALLERS].flatMap((callers) =>
    CALLS.map(([what, work]) => {
      const who = callers === 1 ? '1 caller' : `${callers} callers`;
      return { what: `${what}; ${who}`, work, callers, ceiling: BARE };
    }),
  ),
];
const measured = await measureAll(measures, COUNT);
bare.close();
await runtime.close();
printTable('The gate: one call inside the process', measured);
