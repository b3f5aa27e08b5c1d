'use strict';
// The tests of one part of the client's logic, on a table in memory. Each mutant runs the tests that reach it, so what takes
// seconds stays out: property tests, simulations, the SDK, and what needs a real DynamoDB.
const { jest: config } = require('../../package.json');

const PARTS = { core: '{core,schema}', limiter: 'limiter' };
const { globalSetup, globalTeardown, coverageThreshold, collectCoverageFrom, reporters, ...rest } = config;
module.exports = {
  ...rest,
  rootDir: '../..',
  collectCoverage: false,
  testTimeout: 20_000,
  testMatch: [`<rootDir>/packages/client/test/${PARTS[process.env.MUTATED_PART]}/**/*.test.ts`],
  testPathIgnorePatterns: ['\\.property\\.test\\.ts$', 'saturation\\.test\\.ts$', 'golden\\.test\\.ts$', 'rate-limiter\\.test\\.ts$', '/node_modules/'],
  moduleNameMapper: { '^@aws-sdk/client-dynamodb$': '<rootDir>/test/mutation/no-sdk.cjs', ...rest.moduleNameMapper },
};
