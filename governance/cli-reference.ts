import { userInfo } from 'node:os';
import { type Argument, Command, type Option } from 'commander';
import { COMMANDS } from '../apps/cli/src/commands/all-commands.ts';

const INTRODUCTION = `# The praxis command

<!-- Written by \`node --conditions=praxis-source governance/write-docs.ts\` from the commands themselves. Do not edit. -->

Every command reads its configuration from the environment ([configuration](configuration.md)) and ends with 0 (yes, whole,
done), 1 (no), 2 (wrong use) or 3 (cannot tell). What goes wrong is one line on standard error: \`praxis: CODE: message\`
([errors](errors.md)). In a checkout write \`npx praxis\`.

\`--secret-fd N\` reads the operator secret from the open file descriptor N, for scripts; without it the secret is asked for on
the terminal. It is never taken from arguments or from the environment, where others could see it.
`;

/** The whole command with all its subcommands, as `praxis` puts it together. */
export async function wholeProgram(): Promise<Command> {
  const program = new Command('praxis');
  for (const command of COMMANDS) (await command.load())(program);
  return program;
}

/** Every command that does something, by its words: `['approvals', 'list']`. */
export function leafCommands(
  command: Command,
  words: readonly string[] = [],
): { words: readonly string[]; command: Command }[] {
  if (command.commands.length === 0) return [{ words, command }];
  return command.commands.flatMap((sub) => leafCommands(sub, [...words, sub.name()]));
}

/** The reference page of the command line. */
export async function cliReference(): Promise<string> {
  const leaves = leafCommands(await wholeProgram());
  return [INTRODUCTION, ...leaves.map(({ words, command }) => section(words, command))].join('\n');
}

function section(words: readonly string[], command: Command): string {
  const parameters = [...command.registeredArguments.map(argumentRow), ...command.options.map(optionRow)];
  const usage = command.registeredArguments
    .map((one) => (one.required ? ` <${one.name()}>` : ` [${one.name()}]`))
    .join('');
  const table = parameters.length === 0 ? '' : `\n| | |\n|---|---|\n${parameters.join('\n')}\n`;
  return `## \`praxis ${words.join(' ')}${usage}\`\n\n${sentence(command.description())}\n${table}`;
}

function argumentRow(argument: Argument): string {
  return row(argument.name(), argument.description, argument.defaultValue);
}

function optionRow(option: Option): string {
  return row(
    option.flags,
    `${option.description}${option.mandatory ? ' (always needed)' : ''}`,
    option.defaultValue,
  );
}

function row(name: string, description: string, fallback: unknown): string {
  const said = fallback === undefined ? description : `${description} (default: ${defaultText(fallback)})`;
  return `| \`${name.replaceAll('|', '\\|')}\` | ${said.replaceAll('|', '\\|')} |`;
}

/** What depends on who asks is named, so that the page is the same everywhere. */
function defaultText(fallback: unknown): string {
  return fallback === userInfo().username ? 'your user name' : `\`${String(fallback)}\``;
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase();
  return `${first}${text.slice(1)}.`;
}
