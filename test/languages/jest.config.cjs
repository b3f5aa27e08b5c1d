// One app in several languages: `npm run test:languages`, after the packages are made.
'use strict';
const { jest: { coverageThreshold, globalSetup, globalTeardown, ...base } } = require('../../package.json');

module.exports = {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/languages/*.apps.ts'],
  testTimeout: 600_000, // Maven downloads what it needs the first time
  collectCoverage: false,
};
