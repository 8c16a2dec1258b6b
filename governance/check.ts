import { join } from 'node:path';
import { readCatalogue } from './catalogue.ts';
import { checkCatalogue } from './check-catalogue.ts';
import { registered } from './registered.ts';

const catalogue = readCatalogue(join(import.meta.dirname, 'data'));
const report = checkCatalogue(catalogue, { root: join(import.meta.dirname, '..'), registered: registered() });
const counts = Object.entries(report.counts).map(([what, count]) => `${count} ${what}`);
process.stdout.write(`${counts.join(', ')}\n`);
for (const problem of report.problems) process.stderr.write(`${problem}\n`);
process.exitCode = report.problems.length === 0 ? 0 : 1;
