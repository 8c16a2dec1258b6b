import { defineConfig } from 'vitest/config';

// `ssr.resolve.conditions` (not `resolve.conditions`) makes workspace packages resolve to their sources.
export default defineConfig({
  ssr: { resolve: { conditions: ['praxis-source', 'module', 'node'] } },
  test: {
    include: [
      '{packages,apps}/*/{src,test}/**/*.test.ts',
      'governance/**/*.test.ts',
      'scripts/**/*.test.ts',
      'e2e/**/*.test.ts',
    ],
    globalSetup: 'scripts/test/run-scratch.ts',
    // The default leaves one core idle, and much of the time goes into waiting for servers.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: { provider: 'v8', include: ['{packages,apps}/*/src/**/*.ts'] },
  },
});
