#!/usr/bin/env node
/** The command clipkit-bench: wires the commands together and shows errors. */
import { enableProdMode } from '@tensorflow/tfjs-core';
import { createProgram } from './commands';
import { UsageError } from './errors';

// Silences tfjs's banner and its debug checks; timings are of production mode.
enableProdMode();

createProgram().parseAsync().catch((error: unknown) => {
  const expected = error instanceof UsageError || error instanceof RangeError || error instanceof TypeError;
  process.stderr.write(`${error instanceof Error && !(expected && !process.env['DEBUG']) ? error.stack : (error as Error).message}\n`);
  process.exitCode = 1;
});
