// Stops `npm test` and `npm run demo` at once, with one line, where DynamoDB Local could not run.
'use strict';
const { findJava } = require('../tools/dynamodb-local.cjs');

try {
  findJava();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
