import { canonicalJson, INSTANT_MIN, type Instant, PraxisError, sha256Hex } from '@praxis/core';

import {
  ACTOR_LENGTH_MAX,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  PREDICATE_LENGTH_MAX,
  REASON_LENGTH_MAX,
  SOURCE_LENGTH_MAX,
  SUBJECT_LENGTH_MAX,
  VALUE_BYTES_MAX,
  VALUE_KEY_LENGTH_MAX,
} from './bounds.ts';
import { FactError, factInvalid } from './errors.ts';
import { type FactKey, isFactType } from './model.ts';
import type { EndFact, PutFact } from './store.ts';
import { FOREVER, INSTANT_OUT_OF_RANGE } from './timeline.ts';

/** A write that has been checked; what the backends see. */
export interface Write {
  readonly key: FactKey;
  /** Null for an end. */
  readonly content: WriteContent | null;
  readonly validFrom: Instant | undefined;
  /** Null: until the next later `validFrom` believed. */
  readonly validTo: Instant | null;
  readonly expected: string | null | undefined;
  readonly actor: string;
  readonly reason: string;
  readonly source: string | null;
  readonly observedAt: Instant | undefined;
  readonly idempotency: { readonly key: string; readonly digest: string } | null;
}

/** What a put says, in the form that is hashed and kept. */
export interface WriteContent {
  /** Canonical JSON. */
  readonly value: string;
  readonly target: string | null;
  readonly confidence: number | null;
  readonly contentHash: string;
}

/** A write that says something: a put. */
export type PutWrite = Write & { readonly content: WriteContent };

const SUBJECT = /^[A-Za-z][\w.-]{0,63}:./su;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/u;
const CONTENT_HASH = /^[0-9a-f]{64}$/;

// Writers say who they are and why again and again: what was accepted a moment ago is not looked at twice.
const checkActor = rememberLast((actor) => checkText('actor', actor, { min: 1, max: ACTOR_LENGTH_MAX }));
const checkReason = rememberLast((reason) => checkProse('reason', reason, REASON_LENGTH_MAX));
const checkSource = rememberLast((source) => checkText('source', source, { min: 1, max: SOURCE_LENGTH_MAX }));
const checkPredicate = rememberLast((predicate) =>
  checkText('predicate', predicate, { min: 1, max: PREDICATE_LENGTH_MAX }),
);

/** Checks a put. Throws `FACT_INVALID` or `FACT_TOO_LARGE`. */
export function checkPut(fact: PutFact): Write {
  const target = fact.target === undefined ? null : checkSubject('target', fact.target);
  const key = checkKey(fact, fact.valueKey ?? target ?? '');
  const content = checkContent(key, fact, target);
  const write: Write = {
    key,
    content,
    validFrom: checkInstant('validFrom', fact.validFrom),
    validTo: checkValidTo(fact),
    expected: checkExpected(fact.expected),
    actor: checkActor(fact.actor),
    reason: checkReason(fact.reason),
    source: fact.source === undefined ? null : checkSource(fact.source),
    observedAt: checkInstant('observedAt', fact.observedAt),
    idempotency: null,
  };
  return withIdempotency(write, fact.idempotencyKey);
}

/** Checks an end. Throws `FACT_INVALID`. */
export function checkEnd(end: EndFact): Write {
  const write: Write = {
    key: checkKey(end, end.valueKey ?? ''),
    content: null,
    validFrom: checkInstant('validFrom', end.validFrom),
    validTo: checkValidTo(end) ?? FOREVER,
    expected: checkExpected(end.expected),
    actor: checkActor(end.actor),
    reason: checkReason(end.reason),
    source: null,
    observedAt: undefined,
    idempotency: null,
  };
  return withIdempotency(write, end.idempotencyKey);
}

/** The content hash of a fact: what compare-and-set compares. */
export function contentHashOf(
  key: FactKey,
  content: { value: string; target: string | null; confidence: number | null },
): string {
  // One canonical JSON array: unambiguous, and cheaper to make than an object.
  const head = JSON.stringify([
    key.subject,
    key.predicate,
    key.factType,
    key.valueKey,
    content.target,
    content.confidence,
  ]);
  return sha256Hex(`${head}\n${content.value}`);
}

/** A check that knows the last text it accepted. */
function rememberLast(check: (text: unknown) => string): (text: unknown) => string {
  let last: string | undefined;
  return (text) => {
    if (last !== undefined && text === last) return last;
    last = check(text);
    return last;
  };
}

function checkKey(
  key: { subject: string; predicate: string; factType?: unknown },
  valueKey: string,
): FactKey {
  const factType = key.factType ?? 'observed';
  if (!isFactType(factType)) throw factInvalid('factType', 'is not observed, desired, drift or known_good');
  return {
    subject: checkSubject('subject', key.subject),
    predicate: checkPredicate(key.predicate),
    factType,
    valueKey: valueKey === '' ? '' : checkText('valueKey', valueKey, { min: 0, max: VALUE_KEY_LENGTH_MAX }),
  };
}

/** Checks a subject `kind:name`. Throws `FACT_INVALID`. */
export function checkSubject(field: string, subject: unknown): string {
  const text = checkText(field, subject, { min: 1, max: SUBJECT_LENGTH_MAX });
  if (!SUBJECT.test(text)) throw factInvalid(field, 'is not of the form kind:name');
  return text;
}

/** Checks a short text without control characters. Throws `FACT_INVALID`. */
export function checkText(field: string, text: unknown, length: { min: number; max: number }): string {
  if (typeof text !== 'string') throw factInvalid(field, 'is not a text');
  if (text.length < length.min) throw factInvalid(field, 'is empty');
  if (text.length > length.max) throw factInvalid(field, `is longer than ${length.max}`);
  if (CONTROL.test(text) || !text.isWellFormed())
    throw factInvalid(field, 'holds control characters or lone surrogates');
  return text;
}

function checkProse(field: string, text: unknown, max: number): string {
  if (typeof text !== 'string') throw factInvalid(field, 'is not a text');
  if (text.length > max) throw factInvalid(field, `is longer than ${max}`);
  if (text.includes('\0') || !text.isWellFormed()) throw factInvalid(field, 'holds NUL or lone surrogates');
  return text;
}

function checkContent(key: FactKey, fact: PutFact, target: string | null): WriteContent {
  const value = canonicalValue(fact.value);
  const confidence = fact.confidence ?? null;
  if (confidence !== null && !(typeof confidence === 'number' && confidence >= 0 && confidence <= 1)) {
    throw factInvalid('confidence', 'is not between 0 and 1');
  }
  return { value, target, confidence, contentHash: contentHashOf(key, { value, target, confidence }) };
}

function canonicalValue(value: unknown): string {
  if (value === undefined) throw factInvalid('value', 'is missing');
  const text = canonicalOrInvalid(value);
  // A UTF-16 code unit is at most three bytes of UTF-8: most values need no count.
  if (text.length > VALUE_BYTES_MAX / 3 && Buffer.byteLength(text) > VALUE_BYTES_MAX) {
    throw new FactError('FACT_TOO_LARGE', `\`value\` is larger than ${VALUE_BYTES_MAX} bytes`, {
      fields: { field: 'value', bytes_max: VALUE_BYTES_MAX },
    });
  }
  return text;
}

function canonicalOrInvalid(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (!(error instanceof PraxisError)) throw error;
    throw new FactError('FACT_INVALID', `\`value\` is not JSON: ${error.message}`, {
      cause: error,
      fields: { field: 'value' },
    });
  }
}

/** Checks where a period ends; it is not empty. */
function checkValidTo({ validFrom, validTo }: Pick<PutFact, 'validFrom' | 'validTo'>): Instant | null {
  if (validTo === undefined) return null;
  const to = validTo === 'infinity' ? FOREVER : (checkInstant('validTo', validTo) ?? null);
  if (validFrom !== undefined && to !== null && validFrom >= to) {
    throw factInvalid('validTo', 'is not later than where the period begins');
  }
  return to;
}

/** Checks an optional instant. Throws `FACT_INVALID`. */
export function checkInstant(field: string, instant: Instant | undefined): Instant | undefined {
  if (instant === undefined) return undefined;
  if (!Number.isSafeInteger(instant) || instant < INSTANT_MIN || instant >= FOREVER) {
    throw factInvalid(field, INSTANT_OUT_OF_RANGE);
  }
  return instant;
}

function checkExpected(expected: unknown): string | null | undefined {
  if (expected === undefined || expected === null) return expected;
  if (typeof expected === 'string' && CONTENT_HASH.test(expected)) return expected;
  throw factInvalid('expected', 'is neither a content hash nor null');
}

function withIdempotency(write: Write, key: string | undefined): Write {
  if (key === undefined) return write;
  checkText('idempotencyKey', key, { min: 1, max: IDEMPOTENCY_KEY_LENGTH_MAX });
  // Stores remember digests of writes without this member.
  const { idempotency: _none, ...asked } = write;
  return { ...write, idempotency: { key, digest: sha256Hex(JSON.stringify(asked)) } };
}
