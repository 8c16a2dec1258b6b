import { userInfo } from 'node:os';
import { formatInstant, PraxisError, systemClock } from '@praxis/core';
import {
  type FactClassification,
  FACT_CLASSIFICATIONS,
  type KindViolation,
  parseStoreDsn,
  restoreFactStore,
} from '@praxis/facts';
import { type Command, Option } from 'commander';
import { doOperatorAct } from '../operator-request.ts';
import { visible } from '../visible.ts';
import { action, EXIT } from '../exit.ts';
import { readKinds } from '../fact-kinds.ts';
import { wholeNumber } from '../whole-number.ts';
import { withStoreOptions } from './facts-options.ts';
import { kindsConfig, mayReadRestricted, storeDsn, type StoreOption, withFactStore } from './facts-store.ts';

/** How many violations `check` can be asked to tell. */
const VIOLATIONS_MAX = 1_000_000;

interface KeepOptions extends StoreOption {
  readonly json?: boolean;
}

/** Keeping the store: seals, backups, who may read, what kinds there are. */
export function registerFactKeeping(facts: Command): void {
  withStoreOptions(facts.command('seal'))
    .description('chain what was recorded since the last seal')
    .action(action(seal));
  withStoreOptions(facts.command('verify'))
    .option('--head <hash>', 'the hash of a seal that was kept elsewhere')
    .description('recompute every seal; fails when a row was changed behind the store')
    .action(action(verify));
  withStoreOptions(facts.command('backup').argument('<file>'))
    .description('copy the store to a new file while it is in use')
    .action(action(backup));
  withStoreOptions(facts.command('restore').argument('<file>'))
    .description('put a backup in the place of the store; what was there is kept beside it')
    .action(action(restore));
  withStoreOptions(facts.command('classify').argument('<subject>', '`*` stands for any text'))
    .addOption(new Option('--as <classification>').choices([...FACT_CLASSIFICATIONS]).makeOptionMandatory())
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--predicate <predicate>', '`*` stands for any text', '*')
    .description('set who may read facts; the most restrictive rule that matches holds')
    .action(action(classify));
  withStoreOptions(facts.command('check'))
    .option('--kinds <file>', 'kinds of your own, in YAML')
    .option('--limit <n>', 'stop after so many', '1000')
    .description('compare what is believed with the kinds of entities')
    .action(action(check));
}

async function seal(options: KeepOptions): Promise<void> {
  const head = await withFactStore(options, (store) => store.seal());
  if (options.json === true) console.log(JSON.stringify(head));
  else if (head === null) console.log('nothing new to seal');
  else
    console.log(
      `seal ${head.sealId} over ${head.rowsSealed} rows up to ${formatInstant(head.recordedAt)}: ${head.hash}`,
    );
}

async function verify(options: KeepOptions & { head?: string }): Promise<void> {
  const report = await withFactStore(options, (store) =>
    store.verify(options.head === undefined ? {} : { head: options.head }),
  );
  if (!report.ok) process.exitCode = EXIT.no;
  if (options.json === true) {
    const { ok, seals, head, firstBad, unsealedRows, derived } = report;
    const bad = firstBad && { seal: firstBad.sealId, code: firstBad.code };
    console.log(
      JSON.stringify({
        ok,
        seals,
        head: head?.hash ?? null,
        first_bad: bad,
        unsealed_rows: unsealedRows,
        texts_wrong: derived.textsWrong,
        answers_wrong: derived.answersWrong,
        hashes_wrong: derived.hashesWrong,
      }),
    );
  } else if (report.firstBad !== null) {
    console.log(`not whole: seal ${report.firstBad.sealId} of ${report.seals} (${report.firstBad.code})`);
  } else if (!report.ok) {
    const { textsWrong, answersWrong, hashesWrong } = report.derived;
    console.log(
      `not whole: of what is derived from facts ${textsWrong} texts, ${answersWrong} remembered answers and ` +
        `${hashesWrong} content hashes do not fit them`,
    );
  } else {
    console.log(`whole: ${report.seals} seals; ${report.unsealedRows} rows since the last one`);
  }
}

async function backup(file: string, options: KeepOptions): Promise<void> {
  await withFactStore(options, (store) => store.backup(file));
  console.log(`copied to ${file}`);
}

async function restore(file: string, options: KeepOptions): Promise<void> {
  const location = parseStoreDsn(storeDsn(options));
  if (location.backend !== 'sqlite')
    throw new PraxisError('USAGE', 'only a SQLite store is restored from a file');
  const { keptAs, report } = await restoreFactStore({ from: file, to: location.path, clock: systemClock });
  console.log(
    `restored ${report.seals} seals, all whole${keptAs === null ? '' : `; what was there is now ${keptAs}`}`,
  );
}

interface ClassifyOptions extends KeepOptions {
  readonly as: FactClassification;
  readonly reason: string;
  readonly predicate: string;
}

/** An operator's act on the configured store, recorded in its ledger; a store that is named belongs to no ledger. */
async function classify(subject: string, options: ClassifyOptions): Promise<void> {
  const rule = { subject, predicate: options.predicate, classification: options.as, reason: options.reason };
  if (options.store === undefined) await doOperatorAct({ op: 'facts.classify', ...rule });
  else {
    const actor = `operator:${userInfo().username}`;
    await withFactStore(options, (store) => store.classify({ ...rule, actor }));
  }
  console.log(`${subject} ${options.predicate} is ${options.as}`);
}

async function check(options: KeepOptions & { kinds?: string; limit: string }): Promise<void> {
  const registry = readKinds(kindsConfig(options));
  const limit = wholeNumber(options.limit, 1, VIOLATIONS_MAX, '--limit');
  let found = 0;
  const tell = (violations: readonly KindViolation[]): void => {
    for (const violation of violations) {
      found += 1;
      const { subject, predicate, message } = violation;
      console.log(
        options.json === true
          ? JSON.stringify(violation)
          : visible(`${subject} ${predicate}: ${violation.code}: ${message}`),
      );
    }
  };
  await withFactStore(options, async (store) => {
    // Facts come in order of subjects: one entity is complete, or not, when the next begins.
    let entity = { subject: '', predicates: new Set<string>() };
    const finish = (): void => {
      if (entity.subject !== '') tell(registry.checkComplete(entity.subject, entity.predicates));
    };
    for await (const fact of store.stream({ allowRestricted: mayReadRestricted() })) {
      if (found >= limit) return;
      if (fact.subject !== entity.subject) {
        finish();
        entity = { subject: fact.subject, predicates: new Set() };
      }
      entity.predicates.add(fact.predicate);
      const { target, ...rest } = fact;
      tell(registry.check(target === null ? rest : { ...rest, target }));
    }
    finish();
  });
  if (found > 0) process.exitCode = EXIT.no;
  else if (options.json !== true) console.log('everything fits');
}
