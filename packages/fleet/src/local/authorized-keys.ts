import { errorMessage, sha256 } from '@praxis/core';
import { isMissing } from './file-source.ts';
import { type LocalCollector, type LocalError, type LocalRow, sourceErrorCode } from './local-collector.ts';

/** How many accounts are looked at. */
const ACCOUNTS_MAX = 10_000;
const KEY =
  /(?:^|\s)((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[a-z0-9@.-]{1,64})\s+([A-Za-z0-9+/]{16,20000}={0,2})(?:\s|$)/;

/** Who may log on by key: one row for each key, by its fingerprint as `ssh-keygen -l` prints it. */
export const authorizedKeys: LocalCollector = {
  predicate: 'authorized_keys',
  async collect(source) {
    const rows: LocalRow[] = [];
    const problems: Omit<LocalError, 'collector'>[] = [];
    const passwd = (await source.text('/etc/passwd')).split('\n').slice(0, ACCOUNTS_MAX);
    for (const line of passwd) {
      const [username, , , , , home] = line.split(':');
      if (username === undefined || !home?.startsWith('/')) continue;
      for (const name of ['authorized_keys', 'authorized_keys2']) {
        const path = `${home === '/' ? '' : home}/.ssh/${name}`;
        try {
          rows.push(...parseAuthorizedKeys(await source.text(path, 4 * 1024 * 1024), username, path));
        } catch (error) {
          if (isMissing(error)) continue;
          problems.push({ code: sourceErrorCode(error), message: `${path}: ${errorMessage(error)}` });
          // The account may have keys: a table without any row would say that it has none.
          rows.push({ username, path, algorithm: '', fingerprint: 'unreadable', options: '' });
        }
      }
    }
    return { rows, problems };
  },
};

/** The keys of one file. Options (`command=`, `from=`) are kept, because they limit what a key may do. */
export function parseAuthorizedKeys(text: string, username: string, path: string): LocalRow[] {
  const rows: LocalRow[] = [];
  for (const line of text.split('\n')) {
    const entry = line.trim();
    if (entry === '' || entry.startsWith('#') || entry.length > 65_536) continue;
    const match = KEY.exec(entry);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    const digest = sha256(Buffer.from(match[2], 'base64')).toString('base64').replace(/=+$/, '');
    rows.push({
      username,
      path,
      algorithm: match[1],
      fingerprint: `SHA256:${digest}`,
      options: entry.slice(0, match.index).trim(),
    });
  }
  return rows;
}
