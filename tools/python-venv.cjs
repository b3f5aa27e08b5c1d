// Virtual environments of Python for tests, made once and used again by later runs.
'use strict';
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');

const CACHE = join(__dirname, '..', '.cache', 'python');
/** What the newest of the installed packages demands. */
const MIN_PYTHON = [3, 11];

/** The Python of an environment. */
const interpreter = (name) => join(CACHE, name, 'bin', 'python');

/** Path and version of the Python that makes the environments; throws one line that says what to install. */
function findPython(user) {
  const python = process.env.PYTHON || 'python3';
  const advice = 'Install one and name it with the environment variable PYTHON, for example PYTHON=python3.12.';
  const { error, stdout } = spawnSync(python, ['-c', 'import sys; print(*sys.version_info[:3])'], { encoding: 'utf8' });
  const version = /^(\d+) (\d+) (\d+)/.exec(stdout ?? '')?.slice(1).map(Number);
  const wanted = `${user} need Python ${MIN_PYTHON.join('.')} or newer`;
  if (error || version === undefined) throw new Error(`${wanted}, and '${python}' is not there. ${advice}`);
  const [major, minor] = version;
  if (major < MIN_PYTHON[0] || (major === MIN_PYTHON[0] && minor < MIN_PYTHON[1])) {
    throw new Error(`${wanted}, and '${python}' is ${version.join('.')}. ${advice}`);
  }
  return { python, version: version.join('.') };
}

/** Runs a program to its end; throws one line with the last thing that it said. */
function run(user, what, program, args) {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (status === 0) return;
  const lines = `${stdout ?? ''}\n${stderr ?? ''}`.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const reason = error?.message ?? lines.filter((line) => /error/i.test(line)).at(-1) ?? lines.at(-1) ?? `it ended with ${status}`;
  throw new Error(`${user} cannot ${what}: ${reason}`);
}

/**
 * Makes an environment from a file of requirements, unless it is there and was made from the same file with the same Python.
 * `user` is who needs it, in the plural: it begins the one line that is thrown when that is not possible.
 */
function prepareVenv({ name, user, requirements, log = () => undefined }) {
  const { python, version } = findPython(user);
  const home = join(CACHE, name);
  const stamp = join(home, 'made-from');
  const source = createHash('sha256').update(`${version}\n`).update(readFileSync(requirements)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === source) return;
  log(`installing ${name} with Python ${version}`);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(dirname(home), { recursive: true });
  run(user, 'make a virtual environment (Debian/Ubuntu: apt-get install python3-venv)', python, ['-m', 'venv', home]);
  run(user, `install ${requirements} with pip`, interpreter(name), [
    '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--retries', '2', '-r', requirements,
  ]);
  writeFileSync(stamp, source); // last, so that an interrupted installation starts over
}

module.exports = { interpreter, prepareVenv };
