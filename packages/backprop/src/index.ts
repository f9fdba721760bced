/** @clipkit/backprop: the gradient kernels that TensorFlow.js lacks on wasm, and fast ones for wasm and cpu. */
export { registerBackprop } from './register';
export type { BackpropOptions, BackpropRegistration } from './register';
export { kernels } from './kernels';
export type { BackendName, Kernel } from './kernel';
