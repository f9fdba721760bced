/** Every strategy, one file each. */
export { byGlobalNorm, byNorm, byValue } from '@clipkit/core';
