/**
 * Runs the tests that tell most against the lowest tfjs that the packages promise in their peerDependencies, in a copy
 * of the workspace in a temporary folder: there the catalog of pnpm-workspace.yaml names that version for every tfjs
 * package. `--all` runs all tests of the packages that promise it; `--version 4.10.0` takes another tfjs.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** What depends on tfjs's own insides: its heap and kernels, saving and loading, gradients, memory. */
const TELLING = [
  'packages/core/test',
  ...['by-hand', 'clip-gradients', 'contract', 'corners', 'golden', 'layers', 'monitor', 'persistence', 'suggest'].map(
    (name) => `packages/clip/test/${name}.test.ts`,
  ),
  ...['contract', 'defects', 'fuse', 'golden', 'saving'].map((name) => `packages/optimizers/test/${name}.test.ts`),
  ...['gradients', 'memory', 'models', 'register'].map((name) => `packages/backprop/test/${name}.test.ts`),
  'packages/models/test/models.test.ts',
  ...['first-format', 'memory', 'report', 'state', 'stock'].map((name) => `test/${name}.test.ts`),
];
/** bench is a program with tfjs versions of its own, and the browser's tests need a browser. */
const ALL = ['core', 'clip', 'optimizers', 'backprop', 'models']
  .map((name) => `packages/${name}/test`)
  .concat(['errors', 'memory', 'stock'].map((name) => `test/${name}.test.ts`));

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');

function fail(message) {
  console.error(`FAILED: ${message}`);
  process.exit(1);
}

/** The version that all packages promise; a promise that differs from the others is an error. */
function promised() {
  const ranges = readdirSync(join(root, 'packages')).flatMap((name) => {
    const { peerDependencies = {} } = JSON.parse(read(`packages/${name}/package.json`));
    return Object.entries(peerDependencies)
      .filter(([peer]) => peer.startsWith('@tensorflow/'))
      .map(([peer, range]) => ({ where: `${name}'s ${peer}`, range }));
  });
  const [{ range, where }] = ranges;
  const other = ranges.find((each) => each.range !== range);
  if (other)
    fail(`all packages must promise the same tfjs, but ${where} is ${range} and ${other.where} is ${other.range}`);
  const lowest = /^\^(\d+\.\d+\.\d+)$/.exec(range)?.[1];
  if (!lowest) fail(`the peer range of tfjs must be a caret and a version such as ^4.3.0, got ${range} for ${where}`);
  return lowest;
}

/** The files that git knows or would take, and what is generated. */
function copyTo(folder) {
  const known = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  }).split('\0');
  for (const path of [...known.filter(Boolean), 'packages/backprop/src/generated']) {
    if (!existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
}

function install(folder, version) {
  const workspace = join(folder, 'pnpm-workspace.yaml');
  const text = readFileSync(workspace, 'utf8');
  writeFileSync(workspace, text.replace(/^( {2}'@tensorflow\/tfjs-[\w-]+': ).*$/gm, `$1${version}`));
  const { packageManager } = JSON.parse(read('package.json'));
  const { status, stdout, stderr } = spawnSync(
    'npx',
    ['-y', packageManager, 'install', '--no-frozen-lockfile', '--prefer-offline'],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, CI: 'true' } },
  );
  if (status !== 0) fail(`tfjs ${version} could not be installed beside the other packages:\n${stdout}${stderr}`);
  const there = readdirSync(join(folder, 'node_modules/.pnpm'))
    .map((name) => /^@tensorflow\+tfjs-(?:core|layers|backend-cpu|backend-wasm)@([\d.]+)/.exec(name)?.[1])
    .filter(Boolean);
  const others = [...new Set(there)].filter((each) => each !== version);
  if (!there.length || others.length)
    fail(`the copy must have tfjs ${version} and no other, got ${others.join(', ') || 'none'}`);
}

const { values } = parseArgs({ options: { all: { type: 'boolean' }, version: { type: 'string' } } });
const version = values.version ?? promised();
const folder = mkdtempSync(join(tmpdir(), 'clipkit-lowest-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

console.log(
  `${values.all ? 'All tests' : 'The tests that tell most'}, with tfjs ${version}, in a copy of the workspace`,
);
copyTo(folder);
install(folder, version);
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot', '--silent=true', ...(values.all ? ALL : TELLING)],
  { cwd: folder, stdio: 'inherit' },
);
if (status !== 0)
  fail(
    `the tests fail with tfjs ${version}: mend what differs from the tfjs in pnpm-workspace.yaml, ` +
      'or promise a later version in the peerDependencies of all packages and in the READMEs',
  );
console.log(`ok: tfjs ${version} works`);
