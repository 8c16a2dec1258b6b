import { join } from 'node:path';
import { readCatalogue } from './catalogue.ts';
import { checkCatalogue } from './check-catalogue.ts';
import { checkDocComments } from './doc-comments.ts';
import { registered } from './registered.ts';

const catalogue = readCatalogue(join(import.meta.dirname, 'data'));
const report = checkCatalogue(catalogue, { root: join(import.meta.dirname, '..'), registered: registered() });
const comments = checkDocComments(join(import.meta.dirname, '..'));
const counts = Object.entries(report.counts).map(([what, count]) => `${count} ${what}`);
process.stdout.write(`${counts.join(', ')}, ${comments.exportsRead} exports of packages\n`);
const problems = [...report.problems, ...comments.problems];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
