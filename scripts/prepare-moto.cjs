// Stops `npm run test:cloudformation` at once, with one line, where the emulator of CloudFormation cannot be installed.
'use strict';
const { join } = require('node:path');
const { prepareVenv } = require('../tools/python-venv.cjs');

try {
  prepareVenv({
    name: 'moto', user: 'The tests with CloudFormation', log: console.log,
    requirements: join(__dirname, '..', 'packages', 'cli', 'test', 'cloudformation', 'requirements.txt'),
  });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
