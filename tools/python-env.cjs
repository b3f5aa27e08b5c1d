// Installs releases of the Python library `zae-limiter`, each into a virtual environment of its own that later runs reuse.
'use strict';
const { readdirSync } = require('node:fs');
const { join } = require('node:path');
const { interpreter, prepareVenv } = require('./python-venv.cjs');

const REQUIREMENTS = join(__dirname, '..', 'test', 'interop', 'requirements');

/** Releases to test with: each has a file of requirements that is named after it. */
const releases = readdirSync(REQUIREMENTS).filter((name) => name.endsWith('.txt')).map((name) => name.slice(0, -'.txt'.length)).sort();
const venv = (release) => `zae-limiter-${release}`;

/**
 * Makes the environments of some releases that are missing or were made from something else. `user` is who needs them, in the
 * plural. Throws one line when that is not possible.
 */
function prepare(log, user = 'The interop tests', wanted = releases) {
  for (const release of wanted) {
    prepareVenv({ name: venv(release), user, requirements: join(REQUIREMENTS, `${release}.txt`), log });
  }
}

module.exports = { interpreter: (release) => interpreter(venv(release)), prepare, releases };
