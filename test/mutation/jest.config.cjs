'use strict';
// The tests of one part of the client's logic, on a table in memory.
const { jest: config } = require('../../package.json');

const { globalSetup, globalTeardown, coverageThreshold, collectCoverageFrom, reporters, ...rest } = config;
module.exports = {
  ...rest,
  rootDir: '../..',
  collectCoverage: false,
  testTimeout: 2_000, // a mutant that hangs is noticed without the end of its process
  testEnvironment: require.resolve('./environment.cjs'),
  testMatch: ['<rootDir>/test/mutation/all-tests.ts'],
  moduleNameMapper: { '^@aws-sdk/client-dynamodb$': '<rootDir>/test/mutation/no-sdk.cjs', ...rest.moduleNameMapper },
};
