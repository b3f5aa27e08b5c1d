'use strict';
// Skips what is left once a test failed: a mutant that one test notices needs no other.
const { TestEnvironment } = require('jest-environment-node');

module.exports = class FailFastEnvironment extends TestEnvironment {
  handleTestEvent(event) {
    if (event.name === 'test_fn_failure' || event.name === 'hook_failure') this.failed = true;
    if (event.name === 'test_start' && this.failed) event.test.mode = 'skip';
  }
};
