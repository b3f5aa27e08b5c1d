// Makes the packages for every language in dist/ and an environment to try them in: the first half of `npm run test:languages`.
// It needs what `npm test` compiles. What is downloaded stays in .cache/.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const { interpreter, prepareVenv } = createRequire(import.meta.url)('../tools/python-venv.cjs');
const ROOT = resolve(fileURLToPath(import.meta.url), '../..');
const CACHE = join(ROOT, '.cache', 'languages');
const MAVEN = join(ROOT, '.cache', 'm2');
const USER = 'The tests of the packages';

/** Runs a program to its end; what it said is shown when it fails only. */
function run(what, program, args) {
  const began = performance.now();
  const { error, status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (status !== 0) throw new Error(`${USER} cannot ${what}: ${error?.message ?? `${program} ended with ${status}`}\n${stdout ?? ''}${stderr ?? ''}`);
  console.log(`${what}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return stdout;
}

const isThere = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

function requirePrograms() {
  for (const path of ['.jsii', 'lib/index.js', 'assets/aggregator/index.js', 'assets/provisioner/index.js']) {
    if (!existsSync(join(ROOT, path))) throw new Error(`${USER} need ${path}, which "npm test" makes; run that first.`);
  }
  if (!isThere('mvn', '-version')) throw new Error(`${USER} need Maven, and 'mvn' is not there. Debian/Ubuntu: apt-get install maven.`);
}

/** Go and .NET are generated and not compiled: the first lacks a checked-in list of checksums, the second is optional. */
function targets() {
  const languages = [['js'], ['python'], ['java', '--maven-local-repository', MAVEN], ['go', '--code-only']];
  if (isThere('dotnet', '--version')) languages.push(['dotnet', '--code-only']);
  else console.log('dotnet: toolchain not found, not generated');
  return languages;
}

function main() {
  requirePrograms();
  prepareVenv({ name: 'languages', user: USER, requirements: join(ROOT, 'test', 'languages', 'python', 'requirements.txt'), log: console.log });

  rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
  rmSync(CACHE, { recursive: true, force: true });
  rmSync(join(ROOT, '.jsii.tabl.json'), { force: true }); // so that every example is compiled
  rmSync(join(MAVEN, 'io', 'github', 'zaelimiter'), { recursive: true, force: true }); // of an earlier run, with the same version
  mkdirSync(MAVEN, { recursive: true });

  const tablet = join(CACHE, 'examples.json');
  run('compile and translate the examples', 'npx', ['jsii-rosetta', 'extract', '--strict', '--cache-to', tablet]);
  for (const [language, ...options] of targets()) {
    // Examples that the tablet does not hold are those of inherited props: the CDK's own, which need its fixtures to compile.
    run(`package for ${language}`, 'npx', [
      'jsii-pacmak', '--target', language, '--rosetta-tablet', tablet, '--rosetta-unknown-snippets', 'translate', '--no-npmignore', ...options,
    ]);
  }

  if (isThere('go', 'version')) run('parse the Go package', 'gofmt', ['-e', '-l', 'dist/go']);
  else console.log('go: toolchain not found, generated and not parsed');
  const [wheel] = readdirSync(join(ROOT, 'dist', 'python')).filter((name) => name.endsWith('.whl'));
  run('install the Python package', interpreter('languages'), [
    '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps', '--force-reinstall', join('dist', 'python', wheel),
  ]);
  run('check what the Python package needs', interpreter('languages'), ['-m', 'pip', 'check', '--disable-pip-version-check']);
}

try {
  main();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
