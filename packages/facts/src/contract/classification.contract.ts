import { describe, expect, it } from 'vitest';

import { aPut, type Setting } from './setting.contract.ts';

/** Who may read. */
export function classificationContract(the: Setting): void {
  describe('classification', () => {
    it('withholds restricted facts on every read path and counts them', async () => {
      await the.store.putMany([
        aPut({ subject: 'host:a' }),
        aPut({ subject: 'host:b' }),
        aPut({ subject: 'vault:x' }),
      ]);
      const rule = {
        subject: 'vault:*',
        classification: 'restricted',
        actor: 'operator:anna',
        reason: 'secrets',
      } as const;
      await the.store.classify(rule);
      const page = await the.store.query({});
      expect(page.facts.map((f) => f.subject)).toEqual(['host:a', 'host:b']);
      expect(page.withheld).toBe(1);
      expect((await the.store.history({ subject: 'vault:x' })).withheld).toBe(1);
      expect(await the.store.get({ subject: 'vault:x', predicate: 'os' })).toBeNull();
      const diff = await the.store.diff({ from: { recordedAt: 0 }, to: {}, kind: 'vault' });
      expect(diff).toMatchObject({ changes: [], withheld: 1 });
      const open = await the.store.query({ allowRestricted: true });
      expect(open.facts.map((f) => f.classification)).toEqual(['internal', 'internal', 'restricted']);
    });

    it('never comes out of a value, and the most restrictive rule holds', async () => {
      await the.store.put(aPut({ value: { classification: 'restricted' } }));
      expect((await the.store.query({})).facts).toHaveLength(1);
      const by = { actor: 'operator:anna', reason: 'policy' };
      await the.store.classify({ subject: 'host:*', classification: 'restricted', ...by });
      await the.store.classify({ subject: 'host:web', classification: 'public', ...by });
      expect((await the.store.query({})).facts).toHaveLength(0);
      await the.store.classify({ subject: 'host:*', classification: 'public', ...by });
      expect((await the.store.query({})).facts[0]?.classification).toBe('public');
    });

    it('does not let the count of what is withheld tell what it says', async () => {
      await the.store.putMany([
        aPut({ subject: 'host:a', value: 'open sesame' }),
        aPut({ subject: 'vault:x', value: { pin: 1234, note: 'sesame' } }),
        aPut({ subject: 'vault:y', predicate: 'name', value: 'other' }),
      ]);
      const rule = { subject: 'vault:*', classification: 'restricted', actor: 'operator:anna' } as const;
      await the.store.classify({ ...rule, reason: 'secrets' });
      const withheld = async (query: object): Promise<number> => (await the.store.query(query)).withheld;
      for (const value of [0, 1234, 9999]) {
        expect(await withheld({ where: [{ path: '/pin', op: 'gte', value }] })).toBe(2);
      }
      for (const text of ['sesame', 'other', 'nothing', '1234']) {
        expect(await withheld({ text })).toBe(2);
        expect(await withheld({ text, kind: 'host' })).toBe(0);
        expect(await withheld({ text, predicate: 'name' })).toBe(1);
      }
      expect((await the.store.query({ text: 'sesame' })).facts.map((f) => f.subject)).toEqual(['host:a']);
      expect(
        (await the.store.query({ text: 'sesame', allowRestricted: true })).facts.map((f) => f.subject),
      ).toEqual(['host:a', 'vault:x']);
    });

    it('does not let the count tell where an edge leads, or a value key', async () => {
      const member = { subject: 'identity:anna', predicate: 'member_of', value: {} };
      await the.store.putMany([aPut({ ...member, target: 'group:admins' }), aPut({ subject: 'host:a' })]);
      const { recordedAt: after } = await the.store.put(aPut({ ...member, target: 'group:staff' }));
      await the.store.classify({
        subject: 'identity:*',
        classification: 'restricted',
        actor: 'operator:anna',
        reason: 'personal data',
      });
      for (const what of [{ target: 'group:admins' }, { target: 'group:none' }, { edge: false }, {}]) {
        expect(await the.store.query(what)).toMatchObject({ withheld: 2 });
        const diff = { from: { recordedAt: after - 1 }, to: {}, ...what };
        expect(await the.store.diff(diff)).toMatchObject({ changes: [], withheld: 1 });
      }
      for (const valueKey of ['group:admins', 'group:none']) {
        expect(await the.store.query({ valueKey })).toMatchObject({ facts: [], withheld: 2 });
        expect(await the.store.history({ subject: 'identity:anna', valueKey })).toMatchObject({
          withheld: 2,
        });
      }
    });

    it('does not name a withheld fact in the cursor', async () => {
      await the.store.putMany([
        aPut({ subject: 'host:secret-name' }),
        aPut({ subject: 'zone:z' }),
        aPut({ subject: 'zone:zz' }),
      ]);
      await the.store.classify({
        subject: 'host:*',
        classification: 'restricted',
        actor: 'operator:anna',
        reason: 'x',
      });
      const page = await the.store.query({ limit: 1 });
      expect(Buffer.from(page.next ?? '', 'base64url').toString()).not.toContain('secret');
    });
  });
}
