import { type ConvergenceRule, oddName, textColumn } from './proposal.ts';
import { isStrict } from './strict-names.ts';

/** systemd units: what starts by itself is put back as blessed. */
export const serviceRule: ConvergenceRule = {
  added: (row) => {
    const unit = textColumn(row, 'name');
    if (!isStrict('unit', unit)) return [oddName('unit')];
    if (textColumn(row, 'state') === 'masked') return [change('unmask', unit, 'mask', 'is masked')];
    return [
      {
        argv: ['systemctl', 'disable', '--now', unit],
        rationale: `\`${unit}\` starts by itself and is not in the baseline`,
        reversible: true,
        undo: ['systemctl', 'enable', '--now', unit],
      },
    ];
  },
  removed: (row) => {
    const unit = textColumn(row, 'name');
    if (!isStrict('unit', unit)) return [oddName('unit')];
    return [
      textColumn(row, 'state') === 'masked'
        ? change('mask', unit, 'unmask', 'is no longer masked')
        : change('enable', unit, 'disable', 'no longer starts by itself'),
    ];
  },
  changed: (before, after) => {
    const unit = textColumn(before, 'name');
    if (!isStrict('unit', unit)) return [oddName('unit')];
    if (before['state'] === after['state'])
      return [{ needsPerson: `\`${unit}\` comes from another file or is wanted by another target` }];
    return [
      textColumn(before, 'state') === 'masked'
        ? change('mask', unit, 'unmask', 'is no longer masked')
        : change('unmask', unit, 'mask', 'is masked'),
    ];
  },
};

/** Sockets: who listens is looked at first; which unit to stop follows from the answer. */
export const portRule: ConvergenceRule = {
  added: (row) => {
    const port = textColumn(row, 'port');
    if (!isStrict('port', port)) return [oddName('socket')];
    const family = textColumn(row, 'protocol') === '17' ? '--udp' : '--tcp';
    return [
      {
        argv: ['ss', '--listening', '--numeric', '--processes', family, `sport = :${port}`],
        rationale: `something unexpected listens on port ${port}; see what it is before stopping its unit`,
        reversible: true,
      },
    ];
  },
  removed: (row) => [
    {
      needsPerson: `nothing listens on port ${JSON.stringify(textColumn(row, 'port') ?? '')} any more: start what should`,
    },
  ],
};

function change(
  verb: string,
  unit: string,
  undo: string,
  why: string,
): { argv: string[]; rationale: string; reversible: true; undo: string[] } {
  return {
    argv: ['systemctl', verb, unit],
    rationale: `\`${unit}\` ${why}`,
    reversible: true,
    undo: ['systemctl', undo, unit],
  };
}
