// Mutation testing of the client's logic, part by part. Fails when a score is below 85 (test/mutation/stryker.config.mjs).
//
// Results of earlier runs are kept in test/mutation/results/, so that only mutants whose code or tests changed run again;
// `--record` keeps those of this run, `--all` runs every mutant.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

const flags = process.argv.slice(2);
const stryker = 'node_modules/@stryker-mutator/core/bin/stryker.js';
mkdirSync('coverage', { recursive: true });
let failed = false;

for (const part of ['core', 'limiter']) {
  const kept = `test/mutation/results/${part}.json.gz`;
  const results = `coverage/mutation-${part}-results.json`;
  if (existsSync(kept) && !flags.includes('--all')) writeFileSync(results, gunzipSync(readFileSync(kept)));
  const { status } = spawnSync(process.execPath, [stryker, 'run', 'test/mutation/stryker.config.mjs'], {
    stdio: 'inherit',
    env: { ...process.env, MUTATED_PART: part, TEST_STORE: 'memory', AWS_REGION: 'us-east-1' },
  });
  failed ||= status !== 0;
  if (!flags.includes('--record') || !existsSync(results)) continue;
  mkdirSync('test/mutation/results', { recursive: true });
  writeFileSync(kept, gzipSync(readFileSync(results), { level: 9 }));
}
process.exitCode = failed ? 1 : 0;
