import type { Command } from 'commander';
import { action } from '../exit.ts';
import { checkPolicies, formatPolicies, lintPolicies, testPolicies } from './policy-check.ts';
import { diffPolicyFiles } from './policy-diff.ts';
import { evaluate, explain } from './policy-eval.ts';
import { makeKey, signFile, verifyFile } from './policy-sign.ts';

/** `praxis policy`: write, check and try out rules. */
export function registerPolicyCommands(program: Command): void {
  const policy = program.command('policy').description('check, test, evaluate and sign policies');
  registerChecks(policy);
  registerDecisions(policy);
  registerSignatures(policy);
}

function registerChecks(policy: Command): void {
  policy
    .command('check')
    .description('load policies; every fault with file, line and column')
    .argument('<files...>', 'policy files, YAML or JSON')
    .action(action(checkPolicies));
  policy
    .command('fmt')
    .description('print a policy in its canonical layout (comments are not kept)')
    .argument('<file>')
    .option('--write', 'replace the file')
    .option('--import', 'convert a policy of another tool first')
    .action(action(formatPolicies));
  policy
    .command('lint')
    .description('find rules that cannot take effect or allow more than they seem to')
    .argument('<files...>')
    .option('--json', 'print the findings as JSON')
    .action(action(lintPolicies));
  policy
    .command('test')
    .description('run the tests in policies and show which rules they decide')
    .argument('<files...>')
    .option('--json', 'print the report as JSON')
    .option('--coverage', 'fail when a rule decides no test')
    .action(action(testPolicies));
}

function registerDecisions(policy: Command): void {
  policy
    .command('eval')
    .description('decide one request, or with --jsonl one request per line')
    .argument('[request]', 'a request as JSON: {"principal","action","resource","labels"?,"context"?}')
    .option('--policy <file>', 'the policy; a --jsonl line may bring its own')
    .option('--jsonl', 'answer {"request","policy"?,"env"?} lines from standard input')
    .action(action(evaluate));
  policy
    .command('explain')
    .description('decide one request and say of every rule why it did or did not take part')
    .argument('<request>', 'a request as JSON')
    .requiredOption('--policy <file>', 'the policy')
    .option('--json', 'print the explanation as JSON')
    .action(action(explain));
  policy
    .command('diff')
    .description('replay a decision log through two versions of a policy and show what changes')
    .argument('<before>')
    .argument('<after>')
    .requiredOption('--log <file>', 'requests or decision records as JSON lines')
    .option('--json', 'print every change as JSON')
    .action(action(diffPolicyFiles));
}

function registerSignatures(policy: Command): void {
  policy
    .command('keygen')
    .description('make an Ed25519 key pair for signing policies')
    .argument('<prefix>', 'writes PREFIX.key (owner only) and PREFIX.pub')
    .action(action(makeKey));
  policy
    .command('sign')
    .description('sign a policy; it needs a `revision`')
    .argument('<file>')
    .requiredOption('--key <file>', 'the private key')
    .option('--days <days>', 'how long the signature holds', '90')
    .option('--out <file>', 'where to write; standard output otherwise')
    .action(action(signFile));
  policy
    .command('verify')
    .description('check a signed policy: key, signature, expiry, and that it is no rollback')
    .argument('<file>')
    .requiredOption('--key <files...>', 'trusted public keys')
    .option('--min-revision <n>', 'the last revision that was accepted', '0')
    .action(action(verifyFile));
}
