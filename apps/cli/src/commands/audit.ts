import type { Command } from 'commander';
import { registerVerifyCommand } from './audit-verify.ts';

/** `praxis audit …`: everything an auditor does with a ledger. None of it needs a running server. */
export function registerAuditCommands(program: Command): void {
  const audit = program.command('audit').description('verify, search and prove from the ledger');
  registerVerifyCommand(audit);
}
