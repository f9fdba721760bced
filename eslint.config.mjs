/** Lint: strict TypeScript, the direction of imports between packages, and no memory calls where formulas are written. */
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What each package may import of the workspace and of tfjs; tfjs-core is open to all. */
const mayImport = {
  core: [],
  clip: ['@clipkit/core'],
  optimizers: ['@clipkit/core'],
  backprop: [],
  models: ['@tensorflow/tfjs-layers'],
};
const guarded = ['@clipkit/core', '@clipkit/clip', '@clipkit/optimizers', '@clipkit/backprop', '@clipkit/models', '@clipkit/bench', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs'];

const direction = Object.entries(mayImport).map(([name, allowed]) => ({
  files: [`packages/${name}/src/**/*.ts`],
  ignores: ['packages/clip/src/layers/**', 'packages/core/src/testing/**'],
  rules: {
    'no-restricted-imports': ['error', {
      patterns: guarded.filter((each) => !allowed.includes(each)).map((each) => ({
        group: [each, `${each}/*`],
        allowTypeImports: each.startsWith('@tensorflow/'),
        message: `@clipkit/${name} may import only tfjs-core${allowed.map((one) => `, ${one}`).join('')}.`,
      })),
    }],
  },
}));

/** Stages are formulas; memory belongs to the adapter in core alone. */
const stages = {
  files: ['packages/clip/src/transforms/**/*.ts', 'packages/optimizers/src/rules/**/*.ts'],
  rules: {
    'no-restricted-syntax': ['error', ...['tidy', 'keep', 'dispose', 'assign', 'dataSync', 'data', 'variable'].map((name) => ({
      selector: `CallExpression[callee.property.name='${name}'], CallExpression[callee.name='${name}']`,
      message: `A stage never calls ${name}(): the adapter in @clipkit/core owns memory.`,
    }))],
  },
};

export default defineConfig(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/generated/**', '**/.turbo/**', 'packages/backprop/assembly/**', 'results/**', 'scripts/reference/**'] },
  ...tseslint.configs.strict,
  { rules: {
    '@typescript-eslint/no-non-null-assertion': 'off',
    '@typescript-eslint/no-dynamic-delete': 'off',
    '@typescript-eslint/no-extraneous-class': 'off',
    '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    eqeqeq: 'error',
    'prefer-const': 'error',
    'no-var': 'error',
  } },
  { files: ['packages/{core,clip,optimizers,backprop,models}/src/**/*.ts'], rules: { 'no-console': ['error', { allow: ['warn'] }] } },
  ...direction,
  stages,
);
