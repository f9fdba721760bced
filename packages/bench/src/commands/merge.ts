/** clipkit-bench merge: joins the results of shards. */
import type { Command } from 'commander';
import { readResults, writeResults } from '../results/file';
import { print } from '../terminal';

export function addMerge(program: Command): void {
  program
    .command('merge')
    .description('join results files into one; lines that are the same to the letter are kept once')
    .argument('<shards...>', 'results files (JSON Lines)')
    .requiredOption('--out <file>', 'the joined file')
    .addHelpText('after', `
Examples:
  $ clipkit-bench merge part1.jsonl part2.jsonl --out results.jsonl`)
    .action(async (shards: string[], { out }: { out: string }) => {
      const lines = await readResults(...shards);
      const distinct = [...new Map(lines.map((line) => [JSON.stringify(line), line])).values()];
      await writeResults(out, distinct);
      print(`${distinct.length} of ${lines.length} lines written to ${out}`);
    });
}
