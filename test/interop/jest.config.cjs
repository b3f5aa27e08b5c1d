// The tests beside a Python client: `npm run test:interop`, after the virtual environments are there.
'use strict';
const { jest: { coverageThreshold, ...base } } = require('../../package.json');

module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/interop/*.interop.ts'],
  testTimeout: 120_000,
  collectCoverage: false,
};
