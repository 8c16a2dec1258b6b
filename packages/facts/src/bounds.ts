/** The longest subject, in UTF-16 code units. */
export const SUBJECT_LENGTH_MAX = 512;
/** The longest predicate, in UTF-16 code units. */
export const PREDICATE_LENGTH_MAX = 512;
/** The longest value key (and edge target), in UTF-16 code units. */
export const VALUE_KEY_LENGTH_MAX = 512;
/** The largest value, in bytes of its canonical JSON in UTF-8. */
export const VALUE_BYTES_MAX = 8_388_608;
/** The longest actor, in UTF-16 code units. */
export const ACTOR_LENGTH_MAX = 256;
/** The longest reason, in UTF-16 code units. */
export const REASON_LENGTH_MAX = 4096;
/** The longest source, in UTF-16 code units. */
export const SOURCE_LENGTH_MAX = 512;
/** The longest idempotency key, in UTF-16 code units. */
export const IDEMPOTENCY_KEY_LENGTH_MAX = 256;
/** The most operations in one transaction. */
export const TRANSACTION_OPERATIONS_MAX = 100_000;
/** The largest page, in facts. */
export const PAGE_LIMIT_MAX = 10_000;
/** The page when no limit is given, in facts. */
export const PAGE_LIMIT_DEFAULT = 1000;
/** The most rows one page looks at; a page that skipped this many ends early and can be continued. */
export const PAGE_SCAN_MAX = 50_000;
/** The most rows of one read while a page is filled: reads grow towards it when little of them fits. */
export const ROWS_PER_READ_MAX = 2_000;
/** The most value conditions of a query. */
export const CONDITIONS_MAX = 32;
/** The longest JSON pointer of a condition, in UTF-16 code units. */
export const POINTER_LENGTH_MAX = 1024;
/** The longest cursor accepted, in characters. */
export const CURSOR_LENGTH_MAX = 4096;
/** The most classification rules in force at once. */
export const CLASSIFICATION_RULES_MAX = 10_000;
