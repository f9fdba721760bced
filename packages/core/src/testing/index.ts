/**
 * @clipkit/core/testing: the contract that every transform and optimizer of clipkit keeps, for your own as well.
 * @packageDocumentation
 */
export { contract, optimizerContract, transformContract, type Check, type ContractOptions, type Subject } from './contract';
export { largestDifference, randomNumbers, scalarPath, Scene, sceneGradients, SCENE_SHAPES, sceneWeights } from './scene';
