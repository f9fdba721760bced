/** clipkit-bench doctor: which backends run on this machine, and why the others do not. */
import type { Command } from 'commander';
import { diagnose } from '../backends';
import { environment } from '../environment';
import { print, printTable } from '../terminal';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('show which backends run here, and why the others do not')
    .addHelpText('after', `
Examples:
  $ clipkit-bench doctor`)
    .action(async () => {
      const { machine, versions } = environment();
      const found = await diagnose();
      print(`${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}`);
      print(Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', '));
      printTable({ head: ['backend', 'what it is', 'runs'], text: 3, rows: found.map(({ name, description, reason }) => [name, description, reason === null ? 'yes' : 'no']) });
      for (const { name, reason, help } of found) if (reason !== null) print(`${name}: ${reason}. ${help}`);
    });
}
