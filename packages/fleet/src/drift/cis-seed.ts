import { CIS_CONTROLS, type CisControl, type CisScope } from './cis-baseline.ts';
import type { DriftPut } from './drift-store.ts';

/** Whose benchmark is adopted, for what, and by whom. */
export interface CisSeedOptions {
  readonly subject: string;
  /** The parts of a cluster the subject is: a worker is a `node`; a control plane node is both. */
  readonly scopes: readonly CisScope[];
  /** The operator who adopts the benchmark. */
  readonly actor: string;
  /** Default `talos`, as the collector files its facts. */
  readonly benchmark?: string | undefined;
}

/**
 * The active controls of some scopes as known-good facts, ready to be put. Waived and
 * platform-guaranteed controls are not among them. The documentation of a control is its reason, as JSON.
 */
export function cisBaselineFacts(options: CisSeedOptions): readonly DriftPut[] {
  const { subject, scopes, actor, benchmark = 'talos' } = options;
  return CIS_CONTROLS.filter((control) => control.status === 'active' && scopes.includes(control.scope)).map(
    (control) => ({
      subject,
      predicate: `cis:${benchmark}:${control.id}`,
      valueKey: '',
      factType: 'known_good',
      value: { value: control.wanted },
      actor,
      reason: documentation(control, benchmark),
      source: 'cis-baseline',
    }),
  );
}

function documentation(control: CisControl, benchmark: string): string {
  const { id, title, level, scored, cisRef } = control;
  return JSON.stringify({
    id,
    benchmark,
    title,
    level,
    scored,
    cis_ref: cisRef,
    rationale: `CIS Kubernetes benchmark ${cisRef ?? ''}: ${title}`,
    remediation: `patch the machine configuration so that ${id} is ${control.wanted ?? ''}`,
  });
}
