import type { Command } from 'commander';
import { z } from 'zod';
import { action } from '../exit.ts';
import { askRunningServer } from '../operator-request.ts';
import { readSecret, type SecretOptions } from '../secret.ts';
import { visible } from '../visible.ts';

const approvalSchema = z.object({
  id: z.string(),
  action_id: z.string(),
  state: z.string(),
  tier: z.string(),
  target: z.string(),
  destination: z.string(),
  adapter: z.string(),
  command: z.string(),
  reasons: z.array(z.string()),
  preview: z.string(),
  principal: z.string(),
  requested_at: z.string(),
  expires_in_s: z.number(),
  approver: z.string().nullable(),
});

type Approval = z.infer<typeof approvalSchema>;

interface JsonOption {
  readonly json?: boolean;
}

/** `praxis approvals`: see what agents want to do, and say yes or no. */
export function registerApprovalsCommand(program: Command): void {
  const approvals = program.command('approvals').description('what waits for a person');
  approvals.command('list').option('--json', 'as JSON').description('what waits').action(action(list));
  approvals
    .command('show')
    .argument('<id>')
    .option('--json', 'as JSON')
    .description('one, whole')
    .action(action(show));
  approvals
    .command('approve')
    .argument('<id>', 'approval id or action id')
    .option('--confirm <target>', 'repeat the target: needed for what cannot be undone (T3)')
    .option('--secret-fd <fd>', 'read the operator secret from this open file descriptor')
    .option('--json', 'as JSON')
    .description('let it run once')
    .action(action(approve));
  approvals
    .command('deny')
    .argument('<id>', 'approval id or action id')
    .option('--secret-fd <fd>', 'read the operator secret from this open file descriptor')
    .option('--json', 'as JSON')
    .description('refuse it')
    .action(action(deny));
}

async function list(options: JsonOption): Promise<void> {
  const all = z.array(approvalSchema).parse(await askRunningServer({ op: 'approvals.list' }));
  if (options.json) return console.log(JSON.stringify(all));
  if (all.length === 0) return console.log('nothing waits');
  for (const one of all) console.log(line(one));
}

async function show(id: string, options: JsonOption): Promise<void> {
  print(approvalSchema.parse(await askRunningServer({ op: 'approvals.show', id })), options);
}

async function approve(
  id: string,
  options: SecretOptions & JsonOption & { confirm?: string },
): Promise<void> {
  const waiting = approvalSchema.parse(await askRunningServer({ op: 'approvals.show', id }));
  // Nobody approves what they have not been shown.
  if (options.secretFd === undefined && process.stderr.isTTY) console.error(card(waiting));
  const secret = await readSecret(options, 'Operator secret');
  const approved = await askRunningServer({
    op: 'approvals.approve',
    id: waiting.id,
    ...(options.confirm === undefined ? {} : { confirm: options.confirm }),
    ...(secret === null ? {} : { secret }),
  });
  print(approvalSchema.parse(approved), options);
}

async function deny(id: string, options: SecretOptions & JsonOption): Promise<void> {
  const secret = await readSecret(options, 'Operator secret');
  const denied = await askRunningServer({ op: 'approvals.deny', id, ...(secret === null ? {} : { secret }) });
  print(approvalSchema.parse(denied), options);
}

function print(approval: Approval, options: JsonOption): void {
  console.log(options.json ? JSON.stringify(approval) : card(approval));
}

function line(one: Approval): string {
  return `${one.id}  ${one.tier}  ${one.state}  ${one.target}  ${visible(one.command)}  (${one.expires_in_s} s)`;
}

/** Everything that will happen, where, and why it is rated as it is. */
function card(one: Approval): string {
  const rows: readonly (readonly [string, string])[] = [
    ['approval', `${one.id} (action ${one.action_id}), ${one.state}, ${one.expires_in_s} s left`],
    ['asked by', `${one.principal} at ${one.requested_at}`],
    ['tier', one.tier],
    ['target', one.target],
    ['reached as', one.destination],
    ['through', one.adapter],
    ['command', visible(one.command)],
    ...one.reasons.map((reason) => ['because', visible(reason)] as const),
    ...(one.approver === null ? [] : [['decided by', one.approver] as const]),
  ];
  return `${rows.map(([name, value]) => `${name.padEnd(11)} ${value}`).join('\n')}\n${indented(one.preview)}`;
}

function indented(preview: string): string {
  return preview === ''
    ? ''
    : preview
        .split('\n')
        .map((text) => `  | ${visible(text)}`)
        .join('\n');
}
