import type { Command } from 'commander';

/** A command whose code is loaded when it is asked for. */
export interface LazyCommand {
  /** The words after `praxis` that mean it. */
  readonly names: readonly string[];
  /** Loads what adds it to the program. */
  readonly load: () => Promise<(program: Command) => void>;
}

/** Every command, in the order of the help text. */
export const COMMANDS: readonly LazyCommand[] = [
  { names: ['up'], load: async () => (await import('./up.ts')).registerUpCommand },
  { names: ['serve'], load: async () => (await import('./serve.ts')).registerServeCommand },
  { names: ['doctor'], load: async () => (await import('./doctor.ts')).registerDoctorCommand },
  { names: ['demo'], load: async () => (await import('./demo.ts')).registerDemoCommand },
  { names: ['operator'], load: async () => (await import('./operator.ts')).registerOperatorCommand },
  { names: ['approvals'], load: async () => (await import('./approvals.ts')).registerApprovalsCommand },
  { names: ['baseline'], load: async () => (await import('./baseline.ts')).registerBaselineCommand },
  { names: ['stop', 'resume'], load: async () => (await import('./stop.ts')).registerStopCommands },
  { names: ['audit'], load: async () => (await import('./audit.ts')).registerAuditCommands },
  { names: ['facts'], load: async () => (await import('./facts.ts')).registerFactsCommands },
  { names: ['classify'], load: async () => (await import('./classify.ts')).registerClassifyCommand },
  { names: ['policy'], load: async () => (await import('./policy.ts')).registerPolicyCommands },
  { names: ['redact'], load: async () => (await import('./redact.ts')).registerRedactCommand },
  { names: ['egress'], load: async () => (await import('./egress.ts')).registerEgressCommand },
  { names: ['collect'], load: async () => (await import('./collect.ts')).registerCollectCommand },
];
