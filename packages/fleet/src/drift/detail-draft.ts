import type { Json } from '@praxis/core';
import {
  type ChangedEntry,
  DETAIL_ENTRIES_MAX,
  DETAIL_ENTRY_LENGTH_MAX,
  type FindingDetail,
} from './finding.ts';

/** Gathers differences: counts all of them, keeps a bounded number. */
export class DetailDraft {
  readonly #added: Json[] = [];
  readonly #removed: Json[] = [];
  readonly #changed: ChangedEntry[] = [];
  readonly #counts = { added: 0, removed: 0, changed: 0 };
  #truncated = false;

  add(entry: Json): void {
    this.#counts.added += 1;
    if (this.#fits(this.#added.length, entry)) this.#added.push(entry);
  }

  remove(entry: Json): void {
    this.#counts.removed += 1;
    if (this.#fits(this.#removed.length, entry)) this.#removed.push(entry);
  }

  change(entry: ChangedEntry): void {
    this.#counts.changed += 1;
    if (this.#fits(this.#changed.length, [entry.before, entry.after])) this.#changed.push(entry);
  }

  /** The detail, or null when nothing differs. */
  finish(): FindingDetail | null {
    const { added, removed, changed } = this.#counts;
    return added + removed + changed === 0 ? null : this.toDetail();
  }

  toDetail(): FindingDetail {
    return {
      added: this.#added,
      removed: this.#removed,
      changed: this.#changed,
      counts: { ...this.#counts },
      truncated: this.#truncated,
    };
  }

  #fits(held: number, entry: Json): boolean {
    const fits = held < DETAIL_ENTRIES_MAX && JSON.stringify(entry).length <= DETAIL_ENTRY_LENGTH_MAX;
    if (!fits) this.#truncated = true;
    return fits;
  }
}
