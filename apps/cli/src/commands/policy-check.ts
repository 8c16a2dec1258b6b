import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { errorCode, errorMessage } from '@praxis/core';
import {
  classifiedDenyList,
  formatPolicy,
  importPolicy,
  type LintFinding,
  lintPolicy,
  loadPolicy,
  parsePolicy,
  parsePolicyData,
  type PolicyDocument,
  type PolicyTestReport,
  policyFaults,
  readPolicyText,
  runPolicyTests,
} from '@praxis/policy';
import { EXIT } from '../exit.ts';

/** `praxis policy check`: exit 1 when a file has faults, 3 when one cannot be read. */
export async function checkPolicies(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const policy = await loadOrReport(file);
    if (policy !== null) console.log(`${file}: ${policy.rules.length} rules`);
  }
}

/** `praxis policy fmt`. */
export async function formatPolicies(
  file: string,
  options: { write?: boolean; import?: boolean },
): Promise<void> {
  const text = await readPolicyText(file);
  const document =
    options.import === true ? convert(text, file) : reporting(file, () => parsePolicy(text, file));
  if (document === null) return;
  const formatted = formatPolicy(document);
  if (options.import === true) reporting(file, () => parsePolicy(formatted, file));
  if (options.write === true) await writeFile(file, formatted);
  else process.stdout.write(formatted);
}

/** `praxis policy lint`: exit 1 on a finding that is an error. */
export async function lintPolicies(files: readonly string[], options: { json?: boolean }): Promise<void> {
  const all: (LintFinding & { file: string })[] = [];
  for (const file of files) {
    const policy = await loadOrReport(file);
    if (policy !== null) all.push(...lintPolicy(policy).map((finding) => ({ file, ...finding })));
  }
  if (options.json === true) console.log(JSON.stringify(all));
  else
    for (const { file, severity, code, rule, message } of all)
      console.log(`${file}: ${severity} ${code} in \`${rule}\`: ${message}`);
  if (all.some((finding) => finding.severity === 'error')) process.exitCode = EXIT.no;
}

/** `praxis policy test`: exit 1 when a test fails, or with `--coverage` when a rule decides none. */
export async function testPolicies(
  files: readonly string[],
  options: { json?: boolean; coverage?: boolean },
): Promise<void> {
  const reports: Record<string, PolicyTestReport> = {};
  for (const file of files) {
    const policy = await loadOrReport(file);
    if (policy === null) continue;
    const report = runPolicyTests(policy, {
      home: homedir(),
      cwd: process.cwd(),
      denyList: classifiedDenyList(),
    });
    reports[file] = report;
    const isShort = options.coverage === true && report.uncoveredRules.length > 0;
    if (report.failed > 0 || isShort) process.exitCode = EXIT.no;
    if (options.json !== true) printReport(file, report, policy.rules.length);
  }
  if (options.json === true) console.log(JSON.stringify(reports));
}

function printReport(file: string, report: PolicyTestReport, rules: number): void {
  for (const { name, problems } of report.results) {
    if (problems.length > 0) console.log(`${file}: failed \`${name}\`: ${problems.join('; ')}`);
  }
  for (const rule of report.uncoveredRules) console.log(`${file}: no test is decided by \`${rule}\``);
  const covered = rules - report.uncoveredRules.length;
  console.log(
    `${file}: ${report.passed} passed, ${report.failed} failed, ${covered} of ${rules} rules covered`,
  );
}

function convert(text: string, file: string): PolicyDocument | null {
  return reporting(file, () => {
    const { document, notes } = importPolicy(parsePolicyData(text, file));
    for (const note of notes) console.error(`${file}: ${note}`);
    return document;
  });
}

async function loadOrReport(file: string): Promise<PolicyDocument | null> {
  try {
    return await loadPolicy(file);
  } catch (error) {
    return report(file, error);
  }
}

function reporting<T>(file: string, work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    return report(file, error);
  }
}

/** Prints the faults of a policy as `file:line:column`; anything else goes on. */
function report(file: string, error: unknown): null {
  const code = errorCode(error);
  if (!code.startsWith('POLICY_')) throw error;
  const faults = policyFaults(error);
  for (const { line, column, code: fault, message } of faults)
    console.error(`${file}:${line}:${column}: ${fault}: ${message}`);
  if (faults.length === 0) console.error(`praxis: ${code}: ${errorMessage(error)}`);
  process.exitCode = code === 'POLICY_UNREADABLE' ? EXIT.cannotTell : EXIT.no;
  return null;
}
