// Mutation testing of the client's logic, part by part. Fails when a score is below 85 (test/mutation/stryker.config.mjs).
// `npm run test:mutation -- core` runs one part only.
import { spawnSync } from 'node:child_process';

const stryker = 'node_modules/@stryker-mutator/core/bin/stryker.js';
const parts = process.argv.length > 2 ? process.argv.slice(2) : ['core', 'limiter'];

for (const part of parts) {
  const { status } = spawnSync(process.execPath, [stryker, 'run', 'test/mutation/stryker.config.mjs'], {
    stdio: 'inherit',
    env: { ...process.env, MUTATED_PART: part, TEST_STORE: 'memory', AWS_REGION: 'us-east-1' },
  });
  if (status !== 0) process.exitCode = 1;
}
