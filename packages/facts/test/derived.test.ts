import { join } from 'node:path';

import { fakeClock, makeTempDir } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';

import { openSqliteFactStore } from '../src/sqlite-store.ts';
import { aPut } from '../src/store.contract.ts';
import type { FactVerifyReport } from '../src/store.ts';
import { forge } from './forge.ts';

const clock = fakeClock();

/** A store with three facts that were searched and remembered, the last of them not sealed, with a change to its file. */
async function verifiedAfter(sql: string): Promise<FactVerifyReport> {
  const dir = makeTempDir();
  const path = join(dir.path, 'facts.db');
  const store = await openSqliteFactStore({ path, clock });
  await store.put(aPut({ subject: 'host:a', value: 'red fox', idempotencyKey: 'k1' }));
  await store.put(aPut({ subject: 'host:b', value: 'blue fox' }));
  await store.seal();
  await store.put(aPut({ subject: 'host:c', value: 'grey wolf' }));
  expect((await store.query({ text: 'wolf' })).facts).toHaveLength(1);
  await store.close();
  forge(path, sql);
  const opened = await openSqliteFactStore({ path, clock });
  const report = await opened.verify();
  await opened.close();
  dir.remove();
  return report;
}

describe('what is derived from facts', () => {
  it('is found right when nobody touched it', async () => {
    const derived = { textsWrong: 0, answersWrong: 0, hashesWrong: 0 };
    expect(await verifiedAfter('')).toMatchObject({ ok: true, derived });
  });

  const forgeries: [string, string, object][] = [
    [
      'a fact that a search no longer finds',
      "INSERT INTO fact_text (fact_text, rowid, words) VALUES ('delete', 2, 'host b os blue fox')",
      { derived: { textsWrong: 1 } },
    ],
    [
      'a fact that a search finds under a word it does not hold',
      "INSERT INTO fact_text (rowid, words) VALUES (2, 'innocent')",
      { derived: { textsWrong: 1 } },
    ],
    [
      'words of no fact',
      "INSERT INTO fact_text (rowid, words) VALUES (99, 'ghost')",
      { derived: { textsWrong: 1 } },
    ],
    [
      'an index that claims to be ahead',
      "UPDATE fact_text_state SET indexed_seq = 3; INSERT INTO fact_text (fact_text) VALUES ('delete-all')",
      { derived: { textsWrong: 3 } },
    ],
    [
      'an index that claims to be ahead of all facts',
      'UPDATE fact_text_state SET indexed_seq = 4',
      { derived: { textsWrong: 1 } },
    ],
    [
      'an answer made up for a put that is still to come',
      `INSERT INTO fact_idempotency VALUES ('k9', '${'0'.repeat(64)}',
       '{"recordedAt":1,"changed":true,"factId":"1","contentHash":"${'f'.repeat(64)}"}')`,
      { derived: { answersWrong: 1 } },
    ],
    [
      'an answer that is no JSON',
      `INSERT INTO fact_idempotency VALUES ('k9', '${'0'.repeat(64)}', 'yes')`,
      { derived: { answersWrong: 1 } },
    ],
    [
      'the content hash of a fact that is not sealed yet',
      'UPDATE facts SET content_hash = zeroblob(32) WHERE seq = 3',
      { derived: { hashesWrong: 1 } },
    ],
    [
      'the content hash of a sealed fact',
      'UPDATE facts SET content_hash = (SELECT content_hash FROM facts WHERE seq = 1) WHERE seq = 2',
      { firstBad: { sealId: 1, code: 'FACT_SEAL_BROKEN' } },
    ],
  ];

  it.each(forgeries)('shows %s', async (_what, sql, found) => {
    expect(await verifiedAfter(sql)).toMatchObject({ ok: false, ...found });
  });
});
