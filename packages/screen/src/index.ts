export type { EgressErrorCode } from './egress/errors.ts';
export {
  type EgressOptions,
  type EgressReason,
  type EgressVerdict,
  judgeEgress,
  type Resolver,
} from './egress/judge.ts';
export {
  type FetchAnswered,
  type FetchBlocked,
  pinnedFetch,
  type PinnedFetchOptions,
} from './egress/pinned-fetch.ts';
export { resolveWithDns } from './egress/resolve-with-dns.ts';
export { REDACTED } from './redaction/marker.ts';
export { redact, redactText } from './redaction/redact.ts';
