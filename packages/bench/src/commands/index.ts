/** All commands of clipkit-bench. */
import { Command } from 'commander';
import { addDoctor } from './doctor';
import { addReport } from './report';
import { addStep } from './step';
import { addTrain } from './train';

/** The program, ready to parse its arguments. */
export function createProgram(): Command {
  const program = new Command('clipkit-bench')
    .description('Benchmarks for gradient clipping and optimizers of TensorFlow.js')
    .showHelpAfterError('(add --help for what there is)');
  for (const add of [addTrain, addStep, addReport, addDoctor]) add(program);
  return program;
}
