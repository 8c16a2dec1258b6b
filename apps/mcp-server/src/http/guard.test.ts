import { describe, expect, it } from 'vitest';
import { readConfig } from '../config/config.ts';
import { assertMayServeHttp, isRebound } from './guard.ts';

const TOKEN = { PRAXIS_HTTP_TOKEN: 'a-token' };

function http(env: Record<string, string>): ReturnType<typeof readConfig>['http'] {
  return readConfig({ HOME: '/home/anna', ...env }).http;
}

describe('assertMayServeHttp', () => {
  it.each([
    ['HTTP_TOKEN_REQUIRED', {}],
    ['HTTP_PORT_INVALID', { ...TOKEN, PRAXIS_HTTP_PORT: '0' }],
    ['HTTP_BIND_REFUSED', { ...TOKEN, PRAXIS_HTTP_HOST: '0.0.0.0' }],
    ['HTTP_BIND_REFUSED', { ...TOKEN, PRAXIS_HTTP_HOST: '127.0.0.1.example.com' }],
    ['HTTP_BIND_REFUSED', { ...TOKEN, PRAXIS_HTTP_HOST: '::', PRAXIS_HTTP_ALLOW_ANY: 'yes' }],
  ])('refuses with %s', (code, env) => {
    expect(() => assertMayServeHttp(http(env))).toThrowError(expect.objectContaining({ code }));
  });

  it.each(['127.0.0.1', '::1', 'localhost', 'LOCALHOST'])('serves on %s', (host) => {
    expect(assertMayServeHttp(http({ ...TOKEN, PRAXIS_HTTP_HOST: host })).token).toBe('a-token');
  });

  it('serves elsewhere by the exact phrase', () => {
    const env = { ...TOKEN, PRAXIS_HTTP_HOST: '0.0.0.0', PRAXIS_HTTP_ALLOW_ANY: 'yes-i-understand-the-risk' };
    expect(assertMayServeHttp(http(env)).host).toBe('0.0.0.0');
  });
});

describe('isRebound', () => {
  it.each([
    ['127.0.0.1:8765', undefined],
    ['localhost:8765', 'http://localhost:3000'],
    ['[::1]:8765', 'http://127.0.0.1'],
  ])('lets %s with origin %s through', (host, origin) => {
    expect(isRebound('127.0.0.1', host, origin)).toBe(false);
  });

  it.each([
    ['evil.example:8765', undefined],
    ['127.0.0.1:8765', 'https://evil.example'],
    ['127.0.0.1:8765', 'null'],
    ['127.0.0.1@evil.example', undefined],
    [undefined, undefined],
  ])('stops %s with origin %s', (host, origin) => {
    expect(isRebound('127.0.0.1', host, origin)).toBe(true);
  });
});
