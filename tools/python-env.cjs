// Installs releases of the Python library `zae-limiter`, each into a virtual environment of its own that later runs reuse.
'use strict';
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const ROOT = join(__dirname, '..');
const REQUIREMENTS = join(ROOT, 'test', 'interop', 'requirements');
const CACHE = join(ROOT, '.cache', 'python');
/** What the library demands. */
const MIN_PYTHON = [3, 11];

/** Releases to test with: each has a file of requirements that is named after it. */
const releases = readdirSync(REQUIREMENTS).filter((name) => name.endsWith('.txt')).map((name) => name.slice(0, -'.txt'.length)).sort();

const interpreter = (release) => join(CACHE, release, 'bin', 'python');

/** Path and version of the Python that makes the environments; throws one line that says what to install. */
function findPython() {
  const python = process.env.PYTHON || 'python3';
  const advice = 'Install one and name it with the environment variable PYTHON, for example PYTHON=python3.12.';
  const { error, stdout } = spawnSync(python, ['-c', 'import sys; print(*sys.version_info[:3])'], { encoding: 'utf8' });
  const version = /^(\d+) (\d+) (\d+)/.exec(stdout ?? '')?.slice(1).map(Number);
  const wanted = `The interop tests need Python ${MIN_PYTHON.join('.')} or newer`;
  if (error || version === undefined) throw new Error(`${wanted}, and '${python}' is not there. ${advice}`);
  const [major, minor] = version;
  if (major < MIN_PYTHON[0] || (major === MIN_PYTHON[0] && minor < MIN_PYTHON[1])) {
    throw new Error(`${wanted}, and '${python}' is ${version.join('.')}. ${advice}`);
  }
  return { python, version: version.join('.') };
}

/** Runs a program to its end; throws one line with the last thing that it said. */
function run(what, program, args) {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (status === 0) return;
  const lines = `${stdout ?? ''}\n${stderr ?? ''}`.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const reason = error?.message ?? lines.filter((line) => /error/i.test(line)).at(-1) ?? lines.at(-1) ?? `it ended with ${status}`;
  throw new Error(`The interop tests cannot ${what}: ${reason}`);
}

/** Makes the environments that are missing or were made from something else. Throws one line when that is not possible. */
function prepare(log = () => undefined) {
  const { python, version } = findPython();
  for (const release of releases) {
    const requirements = join(REQUIREMENTS, `${release}.txt`);
    const home = join(CACHE, release);
    const stamp = join(home, 'made-from');
    const source = createHash('sha256').update(`${version}\n`).update(readFileSync(requirements)).digest('hex');
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === source) continue;
    log(`installing the Python library zae-limiter ${release} with Python ${version}`);
    rmSync(home, { recursive: true, force: true });
    mkdirSync(CACHE, { recursive: true });
    run('make a virtual environment (Debian/Ubuntu: apt-get install python3-venv)', python, ['-m', 'venv', home]);
    run(`install ${requirements} with pip`, interpreter(release), [
      '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--retries', '2', '-r', requirements,
    ]);
    writeFileSync(stamp, source); // last, so that an interrupted installation starts over
  }
}

module.exports = { interpreter, prepare, releases };
