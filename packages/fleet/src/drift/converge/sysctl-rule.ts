import { type ConvergenceRule, oddName, textColumn } from './proposal.ts';
import { isStrict } from './strict-names.ts';

/** Kernel settings: numeric ones are written back; they last until the next boot. */
export const sysctlRule: ConvergenceRule = {
  changed: (before, after) => {
    const name = textColumn(before, 'name');
    const wanted = textColumn(before, 'current_value');
    const present = textColumn(after, 'current_value');
    if (!isStrict('sysctl', name) || !isStrict('sysctlValue', wanted)) return [oddName('kernel setting')];
    const undo = isStrict('sysctlValue', present)
      ? { undo: ['sysctl', '--write', `${name}=${present}`] }
      : {};
    return [
      {
        argv: ['sysctl', '--write', `${name}=${wanted}`],
        rationale: `the baseline has ${wanted} for \`${name}\`; make it permanent in /etc/sysctl.d as well`,
        reversible: 'undo' in undo,
        ...undo,
      },
    ];
  },
};
