/** @clipkit/bench: the harness behind clipkit-bench, for use from code. */
export { train, type TrainConfiguration, type TrainHooks, type TrainProgress } from './train/run';
export { measureStep, type StepConfiguration } from './step/measure';
export { even, sizes, type Size } from './step/sizes';
export { report, type ReportFormat } from './report';
export { parseResults, readResults, writeResults, formatResults } from './results/file';
export { SCHEMA, type ResultLine, type TrainLine, type StepLine, type Corruption, type Curves, type Spread } from './results/schema';
export { parse, parseList } from './expressions/parse';
export { format } from './expressions/expression';
export { buildClip, buildOptimizer } from './expressions/build';
export { backends, diagnose, useBackend, useTrainingBackend, type BackendName } from './backends';
export { UsageError } from './errors';
