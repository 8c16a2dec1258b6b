import { describe, expect, it } from 'vitest';
import { PRINCIPAL_LENGTH_MAX, principalSchema } from './principal.ts';

const ofLength = (length: number): string => `agent:${'x'.repeat(length - 'agent:'.length)}`;

describe('principalSchema', () => {
  it.each([
    'agent:deploy-bot',
    'operator:anna',
    'server:praxis',
    'client:a:b',
    'agent:ünïcödé',
    ofLength(PRINCIPAL_LENGTH_MAX),
  ])('takes %s', (principal) => {
    expect(principalSchema.parse(principal)).toBe(principal);
  });

  it.each([
    '',
    'anna',
    ':anna',
    'agent:',
    'agent:a b',
    'agent:a\nb',
    'agent:\u0007',
    '1agent:a',
    ' agent:a',
    ofLength(PRINCIPAL_LENGTH_MAX + 1),
    7,
  ])('refuses %j', (principal) => {
    expect(principalSchema.safeParse(principal).success).toBe(false);
  });
});
