/** Checks the built packages as a user gets them: every entry loads as ESM and as CommonJS with the same names, and publint agrees. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
let failed = false;

for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name), manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const require = createRequire(join(folder, 'package.json'));
  for (const [path, conditions] of Object.entries(manifest.exports)) {
    if (typeof conditions === 'string') continue;
    const esm = await import(pathToFileURL(join(folder, conditions.import.default)).href), cjs = require(join(folder, conditions.require.default));
    const [ours, theirs] = [esm, cjs].map((each) => Object.keys(each).filter((key) => key !== 'default' && key !== '__esModule' && key !== 'module.exports').sort().join());
    const same = ours === theirs;
    failed ||= !same;
    console.log(`${same ? 'ok' : 'FAILED'} ${manifest.name}${path.slice(1)}: ${ours.split(',').filter(Boolean).length} names in ESM and CommonJS`);
  }
  const free = ['core', 'clip', 'optimizers', 'backprop'].includes(name);
  const foreign = Object.keys(manifest.dependencies ?? {}).filter((each) => !each.startsWith('@clipkit/'));
  if (free && foreign.length) {
    failed = true;
    console.log(`FAILED ${manifest.name}: must not depend on ${foreign.join(', ')}`);
  }
  execFileSync(process.execPath, [join(root, 'node_modules/publint/src/cli.js'), folder, '--strict'], { stdio: 'inherit' });
}
execFileSync(process.execPath, ['--disallow-code-generation-from-strings', join(root, 'scripts/check-policy.mjs')], { stdio: ['ignore', 'inherit', 'ignore'] });
process.exit(failed ? 1 : 0);
