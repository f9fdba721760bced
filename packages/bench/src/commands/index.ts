/** All commands of clipkit-bench. */
import { Command } from 'commander';
import { environment } from '../environment';
import { addCompare } from './compare';
import { addConvergence } from './convergence';
import { addDoctor } from './doctor';
import { addLayers } from './layers';
import { addMerge } from './merge';
import { addReport } from './report';
import { addSearch } from './search';
import { addStep } from './step';
import { addTrain } from './train';

/** The program, ready to parse its arguments. */
export function createProgram(): Command {
  const program = new Command('clipkit-bench')
    .description('Benchmarks for gradient clipping and optimizers of TensorFlow.js')
    .version(environment().versions['@clipkit/bench']!)
    .showHelpAfterError('(add --help for what there is)');
  for (const add of [addTrain, addStep, addLayers, addSearch, addConvergence, addCompare, addReport, addMerge, addDoctor]) add(program);
  return program;
}
