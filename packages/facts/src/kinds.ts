import type { Json } from '@praxis/core';
import type { z } from 'zod';

import { FactError } from './errors.ts';
import { kindOf } from './model.ts';
import type { PutFact } from './store.ts';

/** What a predicate of a kind holds. */
export interface PredicateSchema {
  /** What every value must fit. */
  readonly value: z.ZodType;
  /** Several values at once, told apart by their value key. */
  readonly multiValued: boolean;
  /** Without it an entity is incomplete. */
  readonly required: boolean;
  /** For an edge: the kinds its target may have. */
  readonly edgeTo: readonly string[] | null;
}

/** A kind of vertex. */
export interface EntityKind {
  readonly kind: string;
  readonly description: string;
  /** Whether predicates that are not named here may be put too. */
  readonly open: boolean;
  readonly predicates: ReadonlyMap<string, PredicateSchema>;
}

/** Why a fact does not fit its kind. */
export interface KindViolation {
  readonly code:
    | 'UNKNOWN_KIND'
    | 'UNKNOWN_PREDICATE'
    | 'VALUE'
    | 'NOT_MULTI_VALUED'
    | 'NOT_AN_EDGE'
    | 'EDGE_TARGET'
    | 'MISSING';
  readonly subject: string;
  readonly predicate: string;
  readonly message: string;
}

/** The most violations told of one fact. */
const ISSUES_MAX = 8;

/** The kinds that are known, by name. */
export class KindRegistry {
  readonly kinds: ReadonlyMap<string, EntityKind>;

  constructor(kinds: Iterable<EntityKind>) {
    this.kinds = new Map([...kinds].map((kind) => [kind.kind, kind]));
  }

  /** This registry with more kinds; one of the same name is replaced. */
  with(kinds: Iterable<EntityKind>): KindRegistry {
    return new KindRegistry([...this.kinds.values(), ...kinds]);
  }

  /** Whether a fact fits its kind. Empty when it does. */
  check(fact: Pick<PutFact, 'subject' | 'predicate' | 'value' | 'valueKey' | 'target'>): KindViolation[] {
    const { subject, predicate } = fact;
    const violation = (code: KindViolation['code'], message: string): KindViolation => ({
      code,
      subject,
      predicate,
      message,
    });
    const kind = this.kinds.get(kindOf(subject));
    if (kind === undefined)
      return [violation('UNKNOWN_KIND', `the kind \`${kindOf(subject)}\` is not known`)];
    const schema = kind.predicates.get(predicate);
    if (schema === undefined) {
      return kind.open
        ? []
        : [violation('UNKNOWN_PREDICATE', `\`${kind.kind}\` has no predicate \`${predicate}\``)];
    }
    return checkPredicate(fact, schema, violation);
  }

  /** The predicates an entity lacks of those its kind requires. Empty when it is complete, or its kind unknown. */
  checkComplete(subject: string, predicates: ReadonlySet<string>): KindViolation[] {
    const missing: KindViolation[] = [];
    for (const [predicate, schema] of this.kinds.get(kindOf(subject))?.predicates ?? []) {
      if (!schema.required || predicates.has(predicate)) continue;
      missing.push({
        code: 'MISSING',
        subject,
        predicate,
        message: `\`${subject}\` has no \`${predicate}\``,
      });
    }
    return missing;
  }

  /** Throws `FACT_KIND_INVALID`, with the violations in `fields`, for a fact that does not fit its kind. */
  assert(fact: PutFact): void {
    const violations = this.check(fact);
    const [first] = violations;
    if (first !== undefined)
      throw new FactError('FACT_KIND_INVALID', first.message, { fields: { violations } });
  }
}

function checkPredicate(
  fact: { value: Json; valueKey?: string; target?: string },
  schema: PredicateSchema,
  violation: (code: KindViolation['code'], message: string) => KindViolation,
): KindViolation[] {
  const found: KindViolation[] = [];
  const { edgeTo } = schema;
  if (edgeTo === null && fact.target !== undefined)
    found.push(violation('NOT_AN_EDGE', 'the predicate is no edge'));
  if (edgeTo !== null && (fact.target === undefined || !edgeTo.includes(kindOf(fact.target)))) {
    found.push(violation('EDGE_TARGET', `the target is none of ${edgeTo.join(', ')}`));
  }
  // An edge is told apart by its target: it may always have several.
  if (!schema.multiValued && edgeTo === null && (fact.valueKey ?? '') !== '') {
    found.push(violation('NOT_MULTI_VALUED', 'the predicate has one value'));
  }
  const parsed = schema.value.safeParse(fact.value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues.slice(0, ISSUES_MAX)) {
      found.push(violation('VALUE', `/${issue.path.join('/')}: ${issue.message}`));
    }
  }
  return found;
}
