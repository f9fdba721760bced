import { defineConfig } from 'tsup';
import { library } from '../../tsup.preset';

export default defineConfig([
  library(['src/index.ts'], { shims: true }),
  library(['src/cli.ts', 'src/demo.ts'], { format: ['esm'], dts: false, clean: false }),
]);
