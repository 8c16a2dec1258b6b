import { VERSION } from '@praxis/core';
import { Command, CommanderError } from 'commander';
import { COMMANDS, type LazyCommand } from './commands/all-commands.ts';
import { EXIT, failWith } from './exit.ts';

/** Runs one command line to its end and sets the exit code. Loads the code of the command that is asked for alone. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  try {
    const program = await createProgram(asked(argv[2]));
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) return failWith(error);
    // Help and version are answers; everything else is wrong use.
    process.exitCode = error.exitCode === 0 ? EXIT.yes : EXIT.wrongUse;
  }
}

/** The command that the first word names; none for the version; all for the help text, and to say what is not known. */
function asked(word: string | undefined): readonly LazyCommand[] {
  if (word === '-V' || word === '--version') return [];
  const found = COMMANDS.filter(({ names }) => word !== undefined && names.includes(word));
  return found.length > 0 ? found : COMMANDS;
}

async function createProgram(commands: readonly LazyCommand[]): Promise<Command> {
  const program = new Command('praxis')
    .description('the control plane between AI agents and real systems')
    .version(VERSION)
    .showHelpAfterError()
    .exitOverride();
  for (const command of commands) (await command.load())(program);
  for (const command of program.commands) inherit(command);
  return program;
}

/** Subcommands report wrong use the same way. */
function inherit(command: Command): void {
  command.exitOverride().showHelpAfterError();
  for (const sub of command.commands) inherit(sub);
}
