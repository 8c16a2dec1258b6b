import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeTempDir } from '@praxis/testkit';

// What of pgvector's interface is used, in SQL, so that the way it is used is tested where it is not installed. Its answers
// are about as coarse as numbers of 32 bits make pgvector's.
const SQL = `CREATE DOMAIN vector AS real[];
CREATE FUNCTION vector_dims(vector) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT cardinality($1)';
CREATE FUNCTION inner_product(a vector, b vector) RETURNS float8 LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE product float8 := 0;
BEGIN
  IF cardinality(a) <> cardinality(b) THEN RAISE 'different vector dimensions' USING ERRCODE = '22000'; END IF;
  FOR n IN 1 .. cardinality(a) LOOP product := product + a[n]::float8 * b[n]; END LOOP;
  RETURN round(product::numeric, 6);
END $$;
`;

/** The setting that makes PostgreSQL 18 offer a stand-in for pgvector. */
export function standInForPgVector(): string {
  const { path } = makeTempDir();
  const directory = join(path, 'extension');
  mkdirSync(directory);
  writeFileSync(
    join(directory, 'vector.control'),
    "default_version = '0'\ntrusted = true\nrelocatable = true\n",
  );
  writeFileSync(join(directory, 'vector--0.sql'), SQL);
  // The server runs as another user when the tests run as root.
  for (const open of [path, directory]) chmodSync(open, 0o755);
  return `extension_control_path=${path}:$system`;
}
