'use strict';
// The tests of one part of the client's logic, on a table in memory, as bundle.mjs made one file of them.

module.exports = {
  rootDir: '../..',
  testTimeout: 2_000, // a mutant that hangs is noticed without the end of its process
  testEnvironment: require.resolve('./environment.cjs'),
  testMatch: ['<rootDir>/coverage/mutation/all-tests.js'],
  transform: {},
  clearMocks: true,
  moduleNameMapper: { '^@aws-sdk/client-dynamodb$': '<rootDir>/test/mutation/no-sdk.cjs' },
};
