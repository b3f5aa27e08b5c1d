// The templates of the scenarios, looked at by cfn-lint: `npm run test:templates`, after its virtual environment is there.
'use strict';
const { jest: { coverageThreshold, globalSetup, globalTeardown, ...base } } = require('../../package.json');

module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/templates/*.lint.ts'],
  testTimeout: 120_000,
  collectCoverage: false,
};
