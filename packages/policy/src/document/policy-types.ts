import type { Json } from '@praxis/core';

export type Scalar = string | number | boolean | null;

/** A comparison of one field of the request (`context.…`, `args.…`, `labels`, `principal`, …) with a value. */
export type PolicyComparison =
  | { readonly field: string; readonly op: 'eq' | 'ne' | 'contains' | 'lacks'; readonly value: Scalar }
  | { readonly field: string; readonly op: 'lt' | 'lte' | 'gt' | 'gte'; readonly value: number }
  | { readonly field: string; readonly op: 'in' | 'not_in'; readonly value: readonly Scalar[] }
  | { readonly field: string; readonly op: 'matches' | 'matches_not'; readonly value: string }
  | { readonly field: string; readonly op: 'exists'; readonly value: boolean };

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** A window of the week. `from` is inside, `to` is not; a window that does not end after it begins runs over midnight. */
export interface TimeWindow {
  readonly days?: readonly Weekday[] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly timezone?: string | undefined;
}

/** At most `max` permitted requests per principal in any `per_seconds`. */
export interface RateLimit {
  readonly max: number;
  readonly per_seconds: number;
}

export type PolicyCondition = PolicyComparison | { readonly time: TimeWindow } | { readonly rate: RateLimit };

/** What must happen when the rule decides: a person approves, fields are redacted, or (`log_only`) nothing but a note. */
export interface PolicyObligations {
  readonly require_approval?: boolean | undefined;
  readonly redact?: readonly string[] | undefined;
  readonly log_only?: boolean | undefined;
}

type Templates = Readonly<Record<string, string>>;

/** One rule: whom, what and which resources it is about, and under which conditions it holds. */
export interface PolicyRule {
  readonly name: string;
  readonly description?: string | undefined;
  readonly effect: 'allow' | 'deny';
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly required_labels?: readonly string[] | undefined;
  readonly max_delegation_depth?: number | undefined;
  readonly conditions?: readonly PolicyCondition[] | undefined;
  readonly obligations?: PolicyObligations | undefined;
  readonly inject_headers?: Templates | undefined;
  readonly inject_env?: Templates | undefined;
  readonly inject_headers_from_file?: Templates | undefined;
  readonly inject_env_from_file?: Templates | undefined;
}

/** A request for a decision, as it stands in tests, logs and on the wire. */
export interface PolicyRequest {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly labels?: readonly string[] | undefined;
  readonly context?: Readonly<Record<string, Json>> | undefined;
  readonly args?: Readonly<Record<string, Json>> | undefined;
  readonly delegation_depth?: number | undefined;
}

/** A request and the answer a document is expected to give; `at` is the time it is asked at, ISO 8601. */
export interface PolicyTest {
  readonly name: string;
  readonly request: PolicyRequest;
  readonly env?: { readonly home: string; readonly cwd: string } | undefined;
  readonly at?: string | undefined;
  readonly expect: {
    readonly allowed: boolean;
    readonly reason?: string | undefined;
    readonly rule?: string | null | undefined;
    readonly missing_labels?: readonly string[] | undefined;
    readonly require_approval?: boolean | undefined;
  };
}

/** A policy document. `revision` only ever grows; `tests` are run by `praxis policy test`. */
export interface PolicyDocument {
  readonly $schema?: string | undefined;
  readonly version?: 1 | undefined;
  readonly id?: string | undefined;
  readonly revision?: number | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Readonly<Record<string, Json>> | undefined;
  readonly ssrf_whitelist?: readonly string[] | undefined;
  readonly global_max_delegation_depth?: number | undefined;
  readonly rules: readonly PolicyRule[];
  readonly tests?: readonly PolicyTest[] | undefined;
}
