/** What a result depends on besides its configuration: versions and the machine. */
import { createRequire } from 'node:module';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { version_core } from '@tensorflow/tfjs-core';

export interface Environment {
  versions: Record<string, string>;
  machine: { processor: string; cores: number; memoryGiB: number; platform: string };
}

const packages = ['core', 'clip', 'optimizers', 'backprop', 'models', 'bench'].map((name) => `@clipkit/${name}`);

/** Versions of Node, tfjs and our packages, and the machine without its name. */
export function environment(): Environment {
  const require = createRequire(import.meta.url);
  const own = packages.map((name): [string, string] => [name, (require(`${name}/package.json`) as { version: string }).version]);
  const processors = cpus();
  return {
    versions: { node: process.versions.node, '@tensorflow/tfjs-core': version_core, ...Object.fromEntries(own) },
    machine: {
      processor: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${platform()} ${arch()}`,
    },
  };
}

/** Above this share of the cores other programs take so much time that timings tell little. */
const BUSY = 0.5;

/** A warning where other programs keep the machine busy; null where it is quiet, or does not tell (Windows). */
export function busyWarning(): string | null {
  const [load = 0] = loadavg();
  const cores = cpus().length;
  if (load <= BUSY * cores) return null;
  return `Other programs keep this machine busy (load ${load.toFixed(1)} on ${cores} cores): medians and ratios will be unsteady. Close them, and measure again.`;
}
