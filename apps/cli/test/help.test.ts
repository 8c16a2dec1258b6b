import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/commands/all-commands.ts';

/** A command and everything below it. */
function withAllBelow(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withAllBelow)];
}

describe.each(COMMANDS.map((command) => [command.names.join(' and '), command] as const))(
  'praxis %s',
  (_names, { names, load }) => {
    it('is called as the table says, and explains itself and everything below it', async () => {
      const program = new Command('praxis');
      (await load())(program);
      expect(program.commands.map((command) => command.name())).toEqual(names);
      for (const command of program.commands.flatMap(withAllBelow)) {
        expect(command.description(), command.name()).not.toBe('');
        expect(command.helpInformation()).toContain('Usage:');
      }
    });
  },
);
