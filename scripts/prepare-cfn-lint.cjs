// Stops `npm run test:templates` at once, with one line, where cfn-lint cannot be installed.
'use strict';
const { join } = require('node:path');
const { prepareVenv } = require('../tools/python-venv.cjs');

try {
  prepareVenv({
    name: 'cfn-lint', user: 'The checks of the templates', requirements: join(__dirname, '..', 'test', 'templates', 'requirements.txt'), log: console.log,
  });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
