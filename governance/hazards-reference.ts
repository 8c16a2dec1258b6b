import type { Catalogue, ProvingTest } from './catalogue.ts';

const INTRODUCTION = `# The hazard analysis

<!-- Written by \`node --conditions=praxis-source governance/write-docs.ts\` from governance/data. Do not edit. -->

What must not happen, how it could come about, what keeps it from happening, and which test would notice if that broke. It is data in
[governance/data](../../governance/data); \`npm run check\` holds it against the code: every module and every test named here exists, and
everything that can act has a row.
`;

/** The hazard analysis as a page for people. */
export function hazardsReference(catalogue: Catalogue): string {
  const { losses, hazards, constraints, invariants, unsafeControlActions } = catalogue;
  return [
    INTRODUCTION,
    '## Losses\n',
    table(
      ['', 'what must not happen'],
      losses.map(({ id, statement }) => [id, statement]),
    ),
    '\n## Hazards\n',
    table(
      ['', 'condition', 'leads to', 'forbidden by'],
      hazards.map(({ id, statement, losses: leads, constraint }) => [
        id,
        statement,
        leads.join(', '),
        constraint,
      ]),
    ),
    '\n## Constraints\n',
    table(
      ['', 'of the system'],
      constraints.system.map(({ id, statement }) => [id, statement]),
    ),
    '',
    table(
      ['', 'as code can hold it', 'refines', 'promise'],
      constraints.security.map(({ id, statement, refines, invariants: kept }) => [
        id,
        statement,
        refines.join(', '),
        kept.join(', '),
      ]),
    ),
    '\n## The nine promises\n',
    ...invariants.map(
      ({ id, statement, modules, tests }) => `### ${id}\n\n${statement}\n\n${proofs(modules, tests)}\n`,
    ),
    '## Unsafe control actions\n',
    ...unsafeControlActions.map(
      ({ id, statement, covers, hazards: leads, constraints: kept, status, mechanism, modules, tests }) =>
        `### ${id}\n\n**${statement}**\n\n${mechanism}\n\n` +
        `${status === 'enforced' ? 'By' : 'Planned, by'} ${covers.map((one) => `\`${one}\``).join(', ')}; ${leads.join(', ')}; ${kept.join(', ')}.\n\n` +
        `${proofs(modules, tests)}\n`,
    ),
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function proofs(modules: readonly string[], tests: readonly ProvingTest[]): string {
  const kept = modules.map((module) => `- kept in [${module}](../../${module})`);
  const proven = tests.map(({ file, name }) => `- proven by “${name}” in [${file}](../../${file})`);
  return [...kept, ...proven].join('\n');
}
