import { type ConvergenceRule, oddName, type Proposal, textColumn } from './proposal.ts';
import { isStrict } from './strict-names.ts';

/** Accounts: an unexpected one is removed without its files; a missing one is a person's decision. */
export const userRule: ConvergenceRule = {
  added: (row) => {
    const name = textColumn(row, 'username');
    if (!isStrict('user', name)) return [oddName('account')];
    if (mayBeRoot(name, row['uid'])) {
      return [
        { needsPerson: `\`${name}\` has, or may have, uid 0: treat it as an intrusion before removing it` },
      ];
    }
    return [
      {
        argv: ['userdel', name],
        rationale: `account \`${name}\` is not in the baseline; its home stays`,
        reversible: false,
      },
    ];
  },
  removed: (row) => [
    {
      needsPerson: `account ${JSON.stringify(textColumn(row, 'username') ?? '')} is gone: restore it from its owner’s records`,
    },
  ],
  changed: (before, after) => {
    const name = textColumn(before, 'username');
    if (!isStrict('user', name)) return [oddName('account')];
    const proposals: Proposal[] = [];
    const wanted = { shell: textColumn(before, 'shell'), directory: textColumn(before, 'directory') };
    if (wanted.shell !== textColumn(after, 'shell')) proposals.push(usermod(name, '--shell', wanted.shell));
    if (wanted.directory !== textColumn(after, 'directory'))
      proposals.push(usermod(name, '--home', wanted.directory));
    const ids = ['uid', 'gid'].filter((column) => before[column] !== after[column]);
    if (ids.length > 0)
      proposals.push({
        needsPerson: `${ids.join(' and ')} of \`${name}\` changed: files may belong to the wrong owner`,
      });
    return proposals.length > 0 ? proposals : [{ needsPerson: `the description of \`${name}\` changed` }];
  },
};

/** Groups: membership is put back; a new group is removed. */
export const groupRule: ConvergenceRule = {
  added: (row) => {
    const name = textColumn(row, 'groupname');
    if (!isStrict('user', name)) return [oddName('group')];
    if (mayBeRoot(name, row['gid'])) return [{ needsPerson: `group \`${name}\` has, or may have, gid 0` }];
    return [
      { argv: ['groupdel', name], rationale: `group \`${name}\` is not in the baseline`, reversible: false },
    ];
  },
  removed: (row) => [{ needsPerson: `group ${JSON.stringify(textColumn(row, 'groupname') ?? '')} is gone` }],
  changed: (before, after) => {
    const name = textColumn(before, 'groupname');
    if (!isStrict('user', name)) return [oddName('group')];
    const wanted = members(textColumn(before, 'members'));
    const present = members(textColumn(after, 'members'));
    const extra = present
      .filter((member) => !wanted.includes(member))
      .map((member) => membership(name, '--delete', member));
    const lost = wanted
      .filter((member) => !present.includes(member))
      .map((member) => membership(name, '--add', member));
    const proposals = [...extra, ...lost];
    return proposals.length > 0 ? proposals : [{ needsPerson: `the id of group \`${name}\` changed` }];
  },
};

/** What a machine reports may be a lie, also about its root: only a plain number above 0 is believed. */
function mayBeRoot(name: string | undefined, id: unknown): boolean {
  const text = typeof id === 'number' ? String(id) : id;
  return name === 'root' || typeof text !== 'string' || !/^[1-9]\d{0,9}$/.test(text);
}

function usermod(name: string, option: string, value: string | undefined): Proposal {
  if (!isStrict('path', value)) return oddName('wanted path');
  return {
    argv: ['usermod', option, value, name],
    rationale: `the baseline has \`${value}\` for \`${name}\``,
    reversible: true,
  };
}

function membership(group: string, option: '--add' | '--delete', member: string): Proposal {
  if (!isStrict('user', member)) return oddName('group member');
  const undo = ['gpasswd', option === '--add' ? '--delete' : '--add', member, group];
  const why = option === '--add' ? 'is missing from' : 'does not belong in';
  return {
    argv: ['gpasswd', option, member, group],
    rationale: `\`${member}\` ${why} group \`${group}\``,
    reversible: true,
    undo,
  };
}

function members(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((member) => member !== '');
}
