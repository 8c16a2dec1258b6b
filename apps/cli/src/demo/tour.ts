import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PraxisError } from '@praxis/core';
import { verifyLedger } from '@praxis/ledger';
import { askServer } from '@praxis/mcp-server';
import { classify } from '@praxis/policy';
import type { Runtime } from '../runtime.ts';
import { observeLocal } from '../up/observe-local.ts';
import type { Answer, DemoAgent } from './agent.ts';
import type { Narrator } from './narrator.ts';
import { DEMO_HOST, DEMO_TALOS_HOST, type Scratch } from './scratch.ts';

/** Everything the tour plays with. */
export interface Stage {
  readonly scratch: Scratch;
  readonly runtime: Runtime;
  readonly agent: DemoAgent;
  readonly tell: Narrator;
  readonly controlPath: string;
}

const SUBJECT = `host:${DEMO_HOST}`;
const FIX = { adapter: 'runbook', host: DEMO_HOST, action: 'remove-user.sh' } as const;

/** The whole story, in order. Throws when something did not go as told: a demo that lies is worse than none. */
export async function tour(stage: Stage): Promise<void> {
  await observe(stage);
  await findDrift(stage);
  const actionId = await proposeFix(stage);
  await approve(stage, actionId);
  await execute(stage);
  await attacks(stage);
  await stopEverything(stage);
  await prove(stage);
}

async function observe({ tell, runtime, scratch, controlPath }: Stage): Promise<void> {
  await tell.step(
    'Know the machine',
    'praxis looks at the machine and keeps what it finds as facts: when it was true, when we learned it, never overwritten. An operator then blesses that state as known good. Agents cannot.',
  );
  const found = await observeLocal(runtime, SUBJECT, scratch.root);
  tell.does('system', `collects ${scratch.root}`);
  tell.result(
    found.facts.map((fact) => `${fact.predicate}${fact.rows === null ? '' : ` ${fact.rows}`}`).join(', '),
  );
  ledgerLine(tell, scratch);
  tell.does('operator', `praxis baseline bless ${SUBJECT}`);
  await askServer(controlPath, {
    op: 'baseline.bless',
    subject: SUBJECT,
    reason: 'demo',
    secret: scratch.operatorSecret,
  });
  ledgerLine(tell, scratch);
}

async function findDrift({ tell, runtime, scratch, agent }: Stage): Promise<void> {
  await tell.step(
    'Something changes',
    'Somebody adds an account behind everyone’s back. The next look finds exactly that, and says how bad it is.',
  );
  tell.does('attacker', 'echo mallory:x:0:0::/root:/bin/bash >> /etc/passwd');
  appendFileSync(scratch.passwd, 'mallory:x:0:0::/root:/bin/bash\n');
  await observeLocal(runtime, SUBJECT, scratch.root);
  tell.does('agent', `drift_scan ${JSON.stringify({ subject: SUBJECT })}`);
  const scan = await agent.call('drift_scan', { subject: SUBJECT });
  const findings = scan['findings'] as {
    severity: string;
    predicate: string;
    kind: string;
    detail: { added: unknown[] };
  }[];
  expectThat(
    findings.some((one) => one.predicate === 'users'),
    'the scan finds the account',
  );
  for (const one of findings)
    tell.result(
      `${one.severity}: ${one.predicate} ${one.kind}, added ${JSON.stringify(one.detail.added)}`.slice(
        0,
        160,
      ),
    );
  ledgerLine(tell, scratch);
}

async function proposeFix({ tell, agent, scratch }: Stage): Promise<string> {
  await tell.step(
    'The agent proposes, and may not',
    'It has now read things that nobody vouches for, and the fix changes state (T2): a person must agree. It can preview, but trying to run is refused.',
  );
  const preview = await agentRuns(tell, agent, { ...FIX, dry_run: true });
  expectThat(preview['reason'] === 'preview', 'the preview is allowed');
  ledgerLine(tell, scratch);
  const refused = await agentRuns(tell, agent, { ...FIX, dry_run: false });
  expectThat(refused['reason'] === 'approval_required', 'running is refused');
  ledgerLine(tell, scratch);
  return String(preview['action_id']);
}

async function approve({ tell, scratch, controlPath }: Stage, actionId: string): Promise<void> {
  await tell.step(
    'A person decides',
    'The operator sees the exact command, the destination and the reasons, and grants it once with a secret that no agent has. The grant never passes through the agent’s channel.',
  );
  tell.does('operator', `praxis approvals approve ${actionId}`);
  const request = { op: 'approvals.approve', id: actionId, secret: scratch.operatorSecret } as const;
  const card = (await askServer(controlPath, request)) as Answer;
  tell.result(
    `${String(card['tier'])} on ${String(card['target'])} through ${String(card['adapter'])}: ${String(card['command']).split('\n')[0]}`,
  );
  ledgerLine(tell, scratch);
}

async function execute({ tell, agent, runtime, scratch }: Stage): Promise<void> {
  await tell.step(
    'It runs once, on the one audited path',
    'An intent is on disk before anything starts, an outcome after: a crash in between could not hide it. Then the drift is gone.',
  );
  const ran = await agentRuns(tell, agent, { ...FIX, dry_run: false });
  expectThat(ran['decision'] === 'allowed', 'the approved run is allowed');
  ledgerLine(tell, scratch, 2);
  await observeLocal(runtime, SUBJECT, scratch.root);
  const scan = await agent.call('drift_scan', { subject: SUBJECT });
  expectThat(
    (scan['findings'] as unknown[]).length === 0,
    `the drift is gone, not ${JSON.stringify(scan['findings'])}`,
  );
  tell.does('agent', `drift_scan ${JSON.stringify({ subject: SUBJECT })}`);
  tell.result('no findings');
}

async function attacks({ tell, agent, scratch }: Stage): Promise<void> {
  await tell.step(
    'What does not work',
    'The same grant again; ssh to a Talos node under a false flag; a script that wipes the disk under a harmless name.',
  );
  const tries: readonly (readonly [Answer, string])[] = [
    [{ ...FIX, dry_run: false }, 'approval_required'],
    [{ adapter: 'ssh', host: DEMO_TALOS_HOST, host_type: 'ubuntu', action: 'uptime' }, 'host_type_mismatch'],
    [{ adapter: 'ssh', host: DEMO_TALOS_HOST, action: 'uptime' }, 'host_type_refused'],
    [{ adapter: 'runbook', host: DEMO_HOST, action: 'clean-up.sh' }, 'deny_list'],
  ];
  for (const [args, reason] of tries) {
    const answer = await agentRuns(tell, agent, args);
    expectThat(answer['reason'] === reason, `${JSON.stringify(args)} is refused with ${reason}`);
    ledgerLine(tell, scratch);
  }
  for (const command of [
    'git log --grep="rm -rf"',
    'git status && rm -rf /',
    "r''m -rf /*",
    'echo cm0gLXJmIC8= | base64 -d | sh',
  ]) {
    const { tier, denied } = classify(command);
    tell.does('operator', `praxis classify ${JSON.stringify(command)}`);
    tell.result(denied ? 'DENIED' : tier);
  }
}

async function stopEverything({ tell, agent, scratch, controlPath }: Stage): Promise<void> {
  await tell.step('Stop', 'Anyone may stop everything at once. Only a person starts it again.');
  tell.does('agent', 'emergency_stop {"reason":"demo"}');
  await agent.call('emergency_stop', { reason: 'demo' });
  ledgerLine(tell, scratch);
  tell.does('agent', 'query_facts {}');
  const refused = await agent.call('query_facts', {});
  expectThat(refused['reason'] === 'kill_switch', 'reads are refused while stopped');
  tell.result(`${String(refused['decision'])}: ${String(refused['reason'])}`);
  ledgerLine(tell, scratch);
  tell.does('operator', 'praxis resume --reason "the tour goes on"');
  await askServer(controlPath, { op: 'resume', reason: 'the tour goes on', secret: scratch.operatorSecret });
  ledgerLine(tell, scratch);
}

async function prove({ tell, scratch }: Stage): Promise<void> {
  await tell.step(
    'Proof',
    'Every call above, also every refusal, is one line of an append-only, hash-chained log. Change one byte and the log says where.',
  );
  const path = scratch.config.audit.path;
  tell.does('operator', `praxis audit verify ${path}`);
  const whole = await verifyLedger(path);
  expectThat(whole.ok, 'the ledger is whole');
  tell.result(`whole: ${whole.records} records`);
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  const forged = join(scratch.path, 'forged.jsonl');
  writeFileSync(forged, bytes);
  tell.does('attacker', `flips one bit at byte ${at} of a copy`);
  const broken = await verifyLedger(forged);
  expectThat(!broken.ok && broken.first_bad !== null, 'the forgery is found');
  tell.result(
    `not whole: ${broken.first_bad?.code} at record ${broken.first_bad?.seq}, byte ${broken.first_bad?.offset}`,
  );
}

async function agentRuns(tell: Narrator, agent: DemoAgent, args: Answer): Promise<Answer> {
  tell.does('agent', `run_action ${JSON.stringify(args)}`);
  const answer = await agent.call('run_action', args);
  const output =
    typeof answer['output'] === 'string' && answer['output'] !== ''
      ? `, output: ${answer['output'].trim()}`
      : '';
  tell.result(
    `${String(answer['decision'])}: ${String(answer['reason'])} (${String(answer['tier'])})${output}`,
  );
  return answer;
}

/** Shows the last lines of the ledger, read from the file itself. */
function ledgerLine(tell: Narrator, scratch: Scratch, count = 1): void {
  const lines = readFileSync(scratch.config.audit.path, 'utf8').trimEnd().split('\n');
  for (const line of lines.slice(-count)) tell.ledger(JSON.parse(line) as Record<string, unknown>);
}

function expectThat(held: boolean, what: string): void {
  if (!held) throw new PraxisError('DEMO_FAILED', `the demo expected that ${what}`);
}
