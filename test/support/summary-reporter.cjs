// Prints the result as one plain line at the very end.
'use strict';

module.exports = class SummaryReporter {
  onRunComplete(_, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    const broken = numRuntimeErrorTestSuites > 0 ? `, ${numRuntimeErrorTestSuites} suites that did not run` : '';
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    process.stderr.write('');
    console.log(`Tests: ${numPassedTests} passed, ${numFailedTests} failed${skipped}${broken}`);
  }
};
