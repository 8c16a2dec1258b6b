import { describe, expect, it } from 'vitest';
import { Budget } from './budget.ts';
import { CALLERS_MAX, Sessions } from './session.ts';

const noLimits = { actionsMax: null, wallSecondsMax: null };

describe('Sessions', () => {
  it('keeps the taint of running sessions apart', () => {
    const sessions = new Sessions(noLimits);
    const one = sessions.open({ id: '1', principal: 'client:http' });
    const two = sessions.open({ id: '2', principal: 'client:http' });
    one.taint.mark();
    expect(one.taint.tainted).toBe(true);
    expect(two.taint.tainted).toBe(false);
  });

  it('does not let a caller shed its taint by opening a new session', () => {
    const sessions = new Sessions(noLimits);
    sessions.open({ id: '1', principal: 'client:http' }).taint.mark();
    expect(sessions.open({ id: '2', principal: 'client:http' }).taint.tainted).toBe(true);
    expect(sessions.open({ id: '3', principal: 'client:stdio' }).taint.tainted).toBe(false);
  });

  it('does not let a caller shed its spending by opening a new session', () => {
    const sessions = new Sessions({ actionsMax: 1, wallSecondsMax: null });
    sessions.open({ id: '1', principal: 'client:http' }).budget.chargeAction();
    expect(sessions.open({ id: '2', principal: 'client:http' }).budget.exhausted()).toBe('budget_actions');
  });

  it('holds one ceiling for all sessions of a caller, also those opened before', () => {
    const sessions = new Sessions({ actionsMax: 1, wallSecondsMax: null });
    const one = sessions.open({ id: '1', principal: 'client:http' });
    const two = sessions.open({ id: '2', principal: 'client:http' });
    one.budget.chargeAction();
    expect(two.budget.exhausted()).toBe('budget_actions');
  });

  it('forgets only callers that have done nothing', () => {
    const sessions = new Sessions(noLimits);
    sessions.open({ id: '1', principal: 'client:tainted' }).taint.mark();
    for (let n = 0; n <= CALLERS_MAX; n += 1) sessions.open({ id: 'x', principal: `client:n${n}` });
    expect(sessions.open({ id: '2', principal: 'client:tainted' }).taint.tainted).toBe(true);
  });
});

describe('Budget', () => {
  it('allows as many actions as its ceiling and not one more', () => {
    const budget = new Budget({ actionsMax: 2, wallSecondsMax: null });
    budget.chargeAction();
    expect(budget.exhausted()).toBeNull();
    budget.chargeAction();
    expect(budget.exhausted()).toBe('budget_actions');
  });

  it('refuses the next action once the wall time is used up', () => {
    const budget = new Budget({ actionsMax: null, wallSecondsMax: 1.5 });
    budget.chargeWall(1499);
    expect(budget.exhausted()).toBeNull();
    budget.chargeWall(1);
    expect(budget.exhausted()).toBe('budget_wall_seconds');
  });
});
