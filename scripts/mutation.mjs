// Mutation testing of the client's logic, part by part. Fails when a score is below 85 (test/mutation/stryker.config.mjs).
//
// A part whose code and tests are those of its recorded run is not run again: `spec/mutation.json` keeps their hash and the
// score. `--record` writes it, `--all` runs every part, and a name (core, limiter) runs that part only.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const STRYKER = 'node_modules/@stryker-mutator/core/bin/stryker.js';
const RECORD = 'spec/mutation.json';
const MINIMUM = 85;

/** What a score depends on. */
const COMMON = ['test/mutation', 'test/support', 'packages/client/test/support', 'packages/client/src/core', 'packages/client/src/schema'];
const PARTS = {
  core: [...COMMON, 'packages/client/test/core', 'packages/client/test/schema'],
  limiter: [...COMMON, 'packages/client/src/limiter', 'packages/client/src/store', 'packages/client/src/testing', 'packages/client/test/limiter'],
};

const files = (path) => (statSync(path).isDirectory() ? readdirSync(path).sort().flatMap((entry) => files(join(path, entry))) : [path]);

function inputsOf(part) {
  const hash = createHash('sha256');
  for (const file of PARTS[part].flatMap(files)) hash.update(file).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/** Mutants that a test noticed, of those that could be run, in per cent. */
function scoreOf(part) {
  const { files: mutated } = JSON.parse(readFileSync(`coverage/mutation-${part}.json`, 'utf8'));
  const count = { Killed: 0, Timeout: 0, Survived: 0, NoCoverage: 0 };
  for (const { status } of Object.values(mutated).flatMap(({ mutants }) => mutants)) if (status in count) count[status]++;
  const detected = count.Killed + count.Timeout;
  return { score: Math.round((10_000 * detected) / (detected + count.Survived + count.NoCoverage)) / 100, ...count };
}

const flags = process.argv.slice(2);
const wanted = Object.keys(PARTS).filter((part) => flags.includes(part));
const record = existsSync(RECORD) ? JSON.parse(readFileSync(RECORD, 'utf8')) : {};
for (const part of wanted.length > 0 ? wanted : Object.keys(PARTS)) {
  const inputs = inputsOf(part);
  if (record[part]?.inputs === inputs && record[part].score >= MINIMUM && !flags.includes('--all')) {
    console.log(`mutation score of ${part}: ${record[part].score} (recorded; code and tests are the same)`);
    continue;
  }
  const { status } = spawnSync(process.execPath, [STRYKER, 'run', 'test/mutation/stryker.config.mjs'], {
    stdio: 'inherit',
    env: { ...process.env, MUTATED_PART: part, TEST_STORE: 'memory', AWS_REGION: 'us-east-1' },
  });
  if (status !== 0) process.exitCode = 1;
  else if (flags.includes('--record')) record[part] = { inputs, ...scoreOf(part) };
}
if (flags.includes('--record')) writeFileSync(RECORD, `${JSON.stringify(record, null, 2)}\n`);
