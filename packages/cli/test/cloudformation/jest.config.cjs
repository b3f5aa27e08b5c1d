// The commands that speak to CloudFormation, with moto in its place: `npm run test:cloudformation`, after its virtual environment is there.
'use strict';
const { jest: { coverageThreshold, globalSetup, globalTeardown, ...base } } = require('../../../../package.json');

module.exports = {
  ...base,
  rootDir: '../../../..',
  testMatch: ['<rootDir>/packages/cli/test/cloudformation/*.cloudformation.ts'],
  testTimeout: 120_000,
  collectCoverage: false,
};
