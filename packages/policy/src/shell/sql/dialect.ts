/** The database clients whose language is understood. */
export type SqlDialect = 'psql' | 'mysql' | 'sqlite3' | 'mongosh';

/** The dialects that speak SQL. */
export type RelationalDialect = Exclude<SqlDialect, 'mongosh'>;

/** Bound of the text, in UTF-16 units; a longer one is T3. */
export const SQL_LENGTH_MAX: number = 64 * 1024;

/** Bound of the tokens of one text; more are T3. */
export const SQL_TOKENS_MAX = 20_000;

/** Bound of statements inside statements (prepared text, dynamic SQL); deeper is T3. */
export const SQL_DEPTH_MAX = 8;

/** Reasons kept per text; the tier counts all of them. */
export const SQL_REASONS_MAX = 64;
