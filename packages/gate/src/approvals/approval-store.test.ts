import { fakeClock } from '@praxis/testkit';
import { describe, expect, it } from 'vitest';
import type { ActionBinding } from '../action.ts';
import {
  APPROVALS_PENDING_MAX,
  APPROVALS_PER_SESSION_MAX,
  type ApprovalCard,
  ApprovalStore,
} from './approval-store.ts';

const card: ApprovalCard = {
  tool: 'run_action',
  command: 'systemctl restart nginx',
  destination: 'root@10.0.0.5:22',
  adapter: 'ssh',
  principal: 'client:stdio',
  sessionId: 's1',
  preview: '',
  reasons: [],
};

function aBinding(changes: Partial<ActionBinding> = {}): ActionBinding {
  return { actionId: 'a1', digest: 'd1', target: 'web1', tier: 'T2', rulesetVersion: 'r1', ...changes };
}

function aStore(ttlSeconds = 600): { store: ApprovalStore; clock: ReturnType<typeof fakeClock> } {
  const clock = fakeClock();
  return { store: new ApprovalStore({ clock, ttlSeconds }), clock };
}

describe('ApprovalStore past its time to live', () => {
  it('neither shows, grants nor denies what has expired', () => {
    const { store, clock } = aStore(600);
    const { id } = store.mint(aBinding(), 's1', card);
    clock.advance(599_999);
    expect(store.list()).toHaveLength(1);
    clock.advance(1);
    expect(store.list()).toEqual([]);
    const notFound = expect.objectContaining({ code: 'APPROVAL_NOT_FOUND' });
    expect(() => store.grant(id, 'operator:anna', null)).toThrow(notFound);
    expect(() => store.deny(id, 'operator:anna')).toThrow(notFound);
  });
});

describe('ApprovalStore console tokens', () => {
  it('lets a token through once, and only once', () => {
    const { store } = aStore();
    const { token } = store.mint(aBinding(), 's1', card);
    expect(store.consumeToken(token, aBinding(), 's1')).toMatchObject({ ok: true });
    expect(store.consumeToken(token, aBinding(), 's1')).toEqual({ ok: false, reason: 'approval_used' });
  });

  it.each([
    ['approval_other_target', { target: 'db1', digest: 'd2' }],
    ['approval_other_action', { digest: 'd2' }],
    ['approval_other_tier', { tier: 'T3' as const }],
    ['approval_ruleset_changed', { rulesetVersion: 'r2' }],
  ])('refuses with %s when that differs', (reason, changes) => {
    const { store } = aStore();
    const { token } = store.mint(aBinding(), 's1', card);
    expect(store.consumeToken(token, aBinding(changes), 's1')).toEqual({ ok: false, reason });
  });

  it('does not know a token of another session or one it never minted', () => {
    const { store } = aStore();
    const { token } = store.mint(aBinding(), 's1', card);
    expect(store.consumeToken(token, aBinding(), 's2')).toEqual({ ok: false, reason: 'approval_unknown' });
    expect(store.consumeToken('x'.repeat(22), aBinding(), 's1')).toEqual({
      ok: false,
      reason: 'approval_unknown',
    });
  });

  it('holds up to its time to live and not a millisecond longer', () => {
    const { store, clock } = aStore(10);
    const early = store.mint(aBinding(), 's1', card);
    clock.advance(9_999);
    expect(store.consumeToken(early.token, aBinding(), 's1')).toMatchObject({ ok: true });
    const late = store.mint(aBinding({ digest: 'd3' }), 's1', card);
    clock.advance(10_000);
    expect(store.consumeToken(late.token, aBinding({ digest: 'd3' }), 's1')).toEqual({
      ok: false,
      reason: 'approval_expired',
    });
  });

  it('never lives shorter than a second', () => {
    expect(aStore(0).store.mint(aBinding(), 's1', card).ttlSeconds).toBe(1);
  });

  it('forgets the earlier token when the same preview is asked for again', () => {
    const { store } = aStore();
    const first = store.mint(aBinding(), 's1', card);
    store.mint(aBinding(), 's1', card);
    expect(store.consumeToken(first.token, aBinding(), 's1')).toEqual({
      ok: false,
      reason: 'approval_unknown',
    });
    expect(store.list()).toHaveLength(1);
  });
});

describe('ApprovalStore grants', () => {
  it('runs once after an operator said yes', () => {
    const { store } = aStore();
    const { id } = store.mint(aBinding(), 's1', card);
    expect(store.consumeGrant(aBinding(), 's1')).toEqual({ ok: false, reason: null });
    store.grant(id, 'operator:anna', null);
    expect(store.consumeGrant(aBinding(), 's1')).toEqual({ ok: true, id, approver: 'operator:anna' });
    expect(store.consumeGrant(aBinding(), 's1')).toEqual({ ok: false, reason: null });
  });

  it('is found by its action id too', () => {
    const { store } = aStore();
    store.mint(aBinding(), 's1', card);
    expect(store.grant('a1', 'operator:anna', null).state).toBe('granted');
  });

  it('says which when several wait under one action id', () => {
    const { store } = aStore();
    store.mint(aBinding(), 's1', card);
    store.mint(aBinding(), 's2', card);
    expect(() => store.find('a1')).toThrowError(expect.objectContaining({ code: 'APPROVAL_AMBIGUOUS' }));
  });

  it('belongs to the session that asked', () => {
    const { store } = aStore();
    const { id } = store.mint(aBinding(), 's1', card);
    store.grant(id, 'operator:anna', null);
    expect(store.consumeGrant(aBinding(), 's2')).toEqual({ ok: false, reason: null });
  });

  it('needs the target typed at T3', () => {
    const { store } = aStore();
    const { id } = store.mint(aBinding({ tier: 'T3' }), 's1', card);
    for (const confirm of [null, '', 'web2', 'web1 ']) {
      expect(() => store.grant(id, 'operator:anna', confirm)).toThrowError(
        expect.objectContaining({ code: 'OPERATOR_CONFIRMATION_NEEDED' }),
      );
    }
    expect(store.grant(id, 'operator:anna', 'web1').state).toBe('granted');
  });

  it('keeps a no, also against the console token', () => {
    const { store } = aStore();
    const { id, token } = store.mint(aBinding(), 's1', card);
    store.deny(id, 'operator:anna');
    expect(store.consumeGrant(aBinding(), 's1')).toEqual({ ok: false, reason: 'approval_denied' });
    expect(store.consumeToken(token, aBinding(), 's1')).toEqual({ ok: false, reason: 'approval_denied' });
  });

  it('expires', () => {
    const { store, clock } = aStore(10);
    const { id } = store.mint(aBinding(), 's1', card);
    store.grant(id, 'operator:anna', null);
    clock.advance(10_000);
    expect(store.consumeGrant(aBinding(), 's1')).toEqual({ ok: false, reason: 'approval_expired' });
  });
});

describe('ApprovalStore bounds', () => {
  it('drops a session’s oldest approval beyond its own bound, never another session’s', () => {
    const { store } = aStore();
    const other = store.mint(aBinding({ digest: 'other' }), 's2', card);
    const first = store.mint(aBinding({ digest: 'n0' }), 's1', card);
    for (let n = 1; n < APPROVALS_PER_SESSION_MAX; n += 1)
      store.mint(aBinding({ digest: `n${n}` }), 's1', card);
    expect(store.list()).toHaveLength(APPROVALS_PER_SESSION_MAX + 1);
    store.mint(aBinding({ digest: 'one past' }), 's1', card);
    expect(store.consumeToken(first.token, aBinding({ digest: 'n0' }), 's1')).toEqual({
      ok: false,
      reason: 'approval_unknown',
    });
    expect(store.consumeToken(other.token, aBinding({ digest: 'other' }), 's2')).toMatchObject({ ok: true });
  });

  it('never holds more than its bound', () => {
    const { store } = aStore();
    for (let n = 0; n <= APPROVALS_PENDING_MAX; n += 1)
      store.mint(aBinding({ digest: `d${n}` }), `s${n}`, card);
    expect(store.list()).toHaveLength(APPROVALS_PENDING_MAX);
  });

  it('keeps what a person has granted, however many sessions preview', () => {
    const { store } = aStore();
    const { id } = store.mint(aBinding({ digest: 'mine' }), 'mine', card);
    store.grant(id, 'operator:anna', null);
    for (let n = 0; n <= APPROVALS_PENDING_MAX; n += 1)
      store.mint(aBinding({ digest: `d${n}` }), `s${n % 16}`, card);
    expect(store.consumeGrant(aBinding({ digest: 'mine' }), 'mine')).toMatchObject({ ok: true, id });
  });

  it('shows no token', () => {
    const { store } = aStore();
    const { token } = store.mint(aBinding(), 's1', card);
    expect(JSON.stringify(store.list())).not.toContain(token);
  });
});
