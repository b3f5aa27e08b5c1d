/** Changes the client's logic in thousands of small ways and counts those that a test notices. */
const PARTS = { core: '{core,schema}', limiter: 'limiter' };
const part = process.env.MUTATED_PART;

export default {
  buildCommand: 'node test/mutation/bundle.mjs',
  testRunner: 'jest',
  jest: { projectType: 'custom', configFile: 'test/mutation/jest.config.cjs', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest',
  mutate: [`packages/client/src/${PARTS[part]}/**/*.ts`],
  ignorePatterns: ['/lib', '/assets', '/coverage', '/docs', '/examples', '/packages/client/dist', '/API.md', '/.cache', '/test/interop', '/.jsii', 'cdk.out'],
  // A constant that is set when a module is loaded takes all tests for each of its mutants: four fifths of the time for 9 % of
  // the mutants. Constants that are a contract are pinned by test/contract.test.ts.
  ignoreStatic: true,
  thresholds: { high: 95, low: 85, break: null }, // scripts/mutation.mjs decides, for all parts together
  concurrency: 2,
  maxTestRunnerReuse: 150, // each run of jest leaves memory behind, and a full heap makes every run slow
  timeoutMS: 5_000,
  disableTypeChecks: 'packages/client/{src,test}/**/*.ts',
  reporters: ['clear-text', 'progress-append-only', 'json'],
  clearTextReporter: { logTests: false, allowColor: false, reportTests: false, reportMutants: false },
  jsonReporter: { fileName: `coverage/mutation-${part}.json` },
  tempDirName: 'coverage/.stryker',
};
