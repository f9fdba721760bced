/** The build that all packages share: ESM and CommonJS with declarations, everything that is not in the package left external. */
import type { Options } from 'tsup';

export const library = (entry: string[], options: Options = {}): Options => ({
  entry,
  format: ['esm', 'cjs'],
  target: 'es2022',
  dts: { compilerOptions: { ignoreDeprecations: '6.0', customConditions: [] } },
  sourcemap: true,
  clean: true,
  splitting: true,
  ...options,
});
