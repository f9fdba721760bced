/** Trains a step on cpu where a Content-Security-Policy forbids making code from text: run with --disallow-code-generation-from-strings. */
import { createRequire } from 'node:module';

const require = createRequire(new URL('../packages/bench/package.json', import.meta.url));
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { adam } = require('@clipkit/optimizers');

await tf.setBackend('cpu');
const variable = tf.variable(tf.tensor([1, 2])), optimizer = adam({ learningRate: 0.5, globalClipnorm: 1 });
optimizer.applyGradients([{ name: variable.name, tensor: tf.tensor([3, -4]) }]);
const [a, b] = variable.dataSync();
if (Math.abs(a - 0.5) > 1e-5 || Math.abs(b - 2.5) > 1e-5) throw new Error(`without generated code a step gave ${a}, ${b}; expected 0.5, 2.5`);
console.log('ok a step under a policy that forbids generated code');
