// Verifies one ledger and does nothing else, so that its rate and its memory are those of verifying.
import { verifyLedger } from '@praxis/ledger';

/** How many pieces of the log, of a megabyte each, are read between two looks at the memory. */
const PIECES_BETWEEN = 8;

const path = process.argv[2] ?? '';
const from = performance.now();
const before = process.cpuUsage();
// The most that the system counts begins with what the process had that started this one: asked from time to time instead.
let residentBytes = 0;
let pieces = 0;
const note = (): void => {
  pieces += 1;
  if (pieces % PIECES_BETWEEN === 0) residentBytes = Math.max(residentBytes, process.memoryUsage.rss());
};
const report = await verifyLedger(path, { onProgress: note });
const seconds = (performance.now() - from) / 1000;
// Of all threads: what else the machine does makes them wait, but costs them nothing.
const { user, system } = process.cpuUsage(before);
const coreSeconds = (user + system) / 1e6;
if (!report.ok) throw new Error(`the ledger does not verify: ${JSON.stringify(report.first_bad)}`);
residentBytes = Math.max(residentBytes, process.memoryUsage.rss());
const { records } = report;
console.log(JSON.stringify({ rate: records / seconds, perCore: records / coreSeconds, residentBytes }));
