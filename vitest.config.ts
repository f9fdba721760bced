/** Tests run on the workspace's source: the export condition below leads each @clipkit import to src/index.ts. */
import { defineConfig } from 'vitest/config';

const conditions = ['@clipkit/source', 'node', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
  },
});
