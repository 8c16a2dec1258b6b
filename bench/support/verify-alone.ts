// Verifies one ledger and does nothing else, so that its rate and its memory are those of verifying.
import { verifyLedger } from '@praxis/ledger';

const path = process.argv[2] ?? '';
const from = performance.now();
const before = process.cpuUsage();
const report = await verifyLedger(path);
const seconds = (performance.now() - from) / 1000;
// Of all threads: what else the machine does makes them wait, but costs them nothing.
const { user, system } = process.cpuUsage(before);
const coreSeconds = (user + system) / 1e6;
if (!report.ok) throw new Error(`the ledger does not verify: ${JSON.stringify(report.first_bad)}`);
// The most it ever had, which the system counts in units of 1,024 bytes.
const residentBytes = process.resourceUsage().maxRSS * 1_024;
const { records } = report;
console.log(JSON.stringify({ rate: records / seconds, perCore: records / coreSeconds, residentBytes }));
