// Stops `npm run test:interop` at once, with one line, where the Python library cannot be installed.
'use strict';
const { prepare } = require('../tools/python-env.cjs');

try {
  prepare(console.log);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
