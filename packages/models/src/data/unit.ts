/** Bytes 0 … 255 as float32 numbers 0 … 1. */
export function toUnit(bytes: Uint8Array): Float32Array {
  const result = new Float32Array(bytes.length);
  // A plain loop: Float32Array.from with a function takes seconds for MNIST.
  for (let index = 0; index < bytes.length; index++) result[index] = bytes[index]! / 255;
  return result;
}
