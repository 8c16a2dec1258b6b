import { type Clock, errorMessage, type Instant } from '@praxis/core';
import { typedFromRows } from '../collectors/entities.ts';
import { type CollectedFact, observed, type TypedFact } from '../collectors/telemetry.ts';
import { groups, users } from './accounts.ts';
import { authorizedKeys } from './authorized-keys.ts';
import { cronFiles } from './cron-files.ts';
import { fileDigests } from './file-digests.ts';
import { FileSource } from './file-source.ts';
import { interfaceAddresses } from './interface-addresses.ts';
import { kernelInfo } from './kernel-info.ts';
import { listeningPorts } from './listening-ports.ts';
import {
  type LocalCollector,
  type LocalError,
  type LocalTable,
  sourceErrorCode,
  tableValue,
  unreadable,
} from './local-collector.ts';
import { mounts } from './mounts.ts';
import { osVersion } from './os-version.ts';
import { packages } from './packages.ts';
import { services } from './services.ts';
import { sshConfig } from './ssh-config.ts';
import { sysctl } from './sysctl.ts';

/** What of a machine is observed, and under which name. */
export interface CollectLocalOptions {
  /** The directory taken for `/`. Default: the machine's own root. */
  readonly root?: string | undefined;
  /** What the facts are about: `host:NAME`. */
  readonly subject: string;
  readonly clock: Clock;
  /** Files to digest instead of the default list. */
  readonly watch?: readonly string[] | undefined;
}

/** What one look at a machine came to. */
export interface LocalCollection {
  readonly facts: readonly CollectedFact[];
  readonly typed: readonly TypedFact[];
  readonly errors: readonly LocalError[];
  /** When the collection began. */
  readonly collectedAt: Instant;
}

/**
 * Observes this machine from its files, without starting any program. Each fact is a table
 * `{rows, count}` with sorted rows of text, as the osquery collector makes them; nothing in it changes
 * by itself (process ids, times, sizes of what grows). A source that cannot be read is an entry of
 * `errors` and no fact. Never throws for what the machine holds.
 */
export async function collectLocal(options: CollectLocalOptions): Promise<LocalCollection> {
  const source = new FileSource(options.root ?? '/');
  const collectedAt = options.clock.now();
  const facts: CollectedFact[] = [];
  const typed: TypedFact[] = [];
  const errors: LocalError[] = [];
  for (const collector of localCollectors(options.watch)) {
    const { rows, problems } = await runCollector(collector, source);
    errors.push(...problems.map((problem) => ({ collector: collector.predicate, ...problem })));
    if (rows === null) continue;
    const fact = observed(options.subject, collector.predicate, tableValue(rows));
    facts.push(fact);
    typed.push(...typedFromRows(options.subject, collector.predicate, rows));
  }
  return { facts, typed, errors, collectedAt };
}

/** Every local collector, in the order they run. */
export function localCollectors(watch?: readonly string[]): readonly LocalCollector[] {
  return [
    osVersion,
    kernelInfo,
    packages,
    users,
    groups,
    listeningPorts,
    mounts,
    interfaceAddresses,
    sshConfig,
    services,
    sysctl,
    cronFiles,
    fileDigests(watch),
    authorizedKeys,
  ];
}

async function runCollector(collector: LocalCollector, source: FileSource): Promise<LocalTable> {
  try {
    return await collector.collect(source);
  } catch (error) {
    return unreadable(sourceErrorCode(error), errorMessage(error));
  }
}
