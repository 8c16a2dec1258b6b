import { VERSION } from '@praxis/core';
import { Command, CommanderError } from 'commander';
import { registerApprovalsCommand } from './commands/approvals.ts';
import { registerAuditCommands } from './commands/audit.ts';
import { registerBaselineCommand } from './commands/baseline.ts';
import { registerClassifyCommand } from './commands/classify.ts';
import { registerCollectCommand } from './commands/collect.ts';
import { registerDemoCommand } from './commands/demo.ts';
import { registerDoctorCommand } from './commands/doctor.ts';
import { registerEgressCommand } from './commands/egress.ts';
import { registerFactsCommands } from './commands/facts.ts';
import { registerOperatorCommand } from './commands/operator.ts';
import { registerRedactCommand } from './commands/redact.ts';
import { registerServeCommand } from './commands/serve.ts';
import { registerStopCommands } from './commands/stop.ts';
import { registerUpCommand } from './commands/up.ts';
import { EXIT, failWith } from './exit.ts';

/** Every command, in the order of the help text. */
const COMMANDS: readonly ((program: Command) => void)[] = [
  registerUpCommand,
  registerServeCommand,
  registerDoctorCommand,
  registerDemoCommand,
  registerOperatorCommand,
  registerApprovalsCommand,
  registerBaselineCommand,
  registerStopCommands,
  registerAuditCommands,
  registerFactsCommands,
  registerClassifyCommand,
  registerRedactCommand,
  registerEgressCommand,
  registerCollectCommand,
];

function createProgram(): Command {
  const program = new Command('praxis')
    .description('the control plane between AI agents and real systems')
    .version(VERSION)
    .showHelpAfterError()
    .exitOverride();
  for (const register of COMMANDS) register(program);
  for (const command of program.commands) inherit(command);
  return program;
}

/** Subcommands report wrong use the same way. */
function inherit(command: Command): void {
  command.exitOverride().showHelpAfterError();
  for (const sub of command.commands) inherit(sub);
}

async function main(): Promise<void> {
  // A reader that closes the pipe (`praxis … | head`) ends us; it is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.yes);
    throw error;
  });
  try {
    await createProgram().parseAsync(process.argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) return failWith(error);
    // Help and version are answers; everything else is wrong use.
    process.exitCode = error.exitCode === 0 ? EXIT.yes : EXIT.wrongUse;
  }
}

await main();
