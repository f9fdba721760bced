/** Every strategy, one file each; what optimizers have as arguments too lives in core. */
export { accumulateGradients, byGlobalNorm, byNorm, byValue } from '@clipkit/core';
export { adaGC } from './adaGC';
export { adaptiveClip } from './adaptiveClip';
export { autoClip } from './autoClip';
export { byBlockRms } from './byBlockRms';
export { centralizeGradients } from './centralizeGradients';
export { clipWeights } from './clipWeights';
export { errorFeedback } from './errorFeedback';
export { normalizeGradients } from './normalizeGradients';
export { perGroup, type Group } from './perGroup';
export { softClip } from './softClip';
export { spikeClip } from './spikeClip';
export { truncateGradients } from './truncateGradients';
export { zClip } from './zClip';
