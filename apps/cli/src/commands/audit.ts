import type { Command } from 'commander';
import { registerProofCommands } from './audit-prove.ts';
import { registerReadCommands } from './audit-read.ts';
import { registerRotateCommands } from './audit-rotate.ts';
import { registerVerifyCommand } from './audit-verify.ts';
import { registerWitnessCommands } from './audit-witness.ts';

/** `praxis audit …`: everything an auditor does with a ledger. */
export function registerAuditCommands(program: Command): void {
  const audit = program.command('audit').description('verify, search and prove from the ledger');
  registerVerifyCommand(audit);
  registerReadCommands(audit);
  registerProofCommands(audit);
  registerRotateCommands(audit);
  registerWitnessCommands(audit);
}
