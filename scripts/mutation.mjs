// Mutation testing of the client's logic: core, schema and limiter. Fails when the score of all of them is below 85, or that of
// a part below its floor.
//
// A part whose code and tests are those of its recorded run is not run again: `spec/mutation.json` keeps their hash and the
// counts. `--record` writes it, `--all` runs every part.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleTests } from '../test/mutation/bundle.mjs';

const STRYKER = 'node_modules/@stryker-mutator/core/bin/stryker.js';
const RECORD = 'spec/mutation.json';
const MINIMUM = 85;
/** Not to be lowered. */
const FLOORS = { core: 85, limiter: 85 };

/** Code that is changed, by part. */
const MUTATED = { core: ['packages/client/src/core', 'packages/client/src/schema'], limiter: ['packages/client/src/limiter'] };

const files = (path) => (statSync(path).isDirectory() ? readdirSync(path).sort().flatMap((entry) => files(join(path, entry))) : [path]);

/** Hash of what a score depends on: the code, and the tests with everything that they import. */
async function inputsOf(part) {
  const paths = [...['test/mutation', ...MUTATED[part]].flatMap(files), ...await bundleTests(part, { write: false })];
  const hash = createHash('sha256');
  for (const path of [...new Set(paths)].sort()) hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

/** Mutants by what became of them. Those that cannot be compiled or run say nothing. */
function countsOf(part) {
  const { files: mutated } = JSON.parse(readFileSync(`coverage/mutation-${part}.json`, 'utf8'));
  const counts = { Killed: 0, Timeout: 0, Survived: 0, NoCoverage: 0 };
  for (const { status } of Object.values(mutated).flatMap(({ mutants }) => mutants)) if (status in counts) counts[status]++;
  return counts;
}

/** Mutants that a test noticed, of all, in per cent. */
function scoreOf(parts) {
  const sum = (names) => parts.reduce((total, counts) => total + names.reduce((part, name) => part + counts[name], 0), 0);
  return Math.floor((10_000 * sum(['Killed', 'Timeout'])) / sum(['Killed', 'Timeout', 'Survived', 'NoCoverage'])) / 100;
}

const flags = process.argv.slice(2);
const record = existsSync(RECORD) ? JSON.parse(readFileSync(RECORD, 'utf8')) : {};
const results = {};
for (const part of Object.keys(MUTATED)) {
  const inputs = await inputsOf(part);
  const known = record[part]?.inputs === inputs && !flags.includes('--all');
  if (!known) {
    const { status } = spawnSync(process.execPath, [STRYKER, 'run', 'test/mutation/stryker.config.mjs'], {
      stdio: 'inherit',
      env: { ...process.env, MUTATED_PART: part, TEST_STORE: 'memory', AWS_REGION: 'us-east-1' },
    });
    if (status !== 0) process.exit(1);
  }
  results[part] = known ? record[part] : { inputs, ...countsOf(part) };
  console.log(`mutation score of ${part}: ${scoreOf([results[part]])} ${known ? '(recorded; code and tests are the same)' : ''}`);
}
const score = scoreOf(Object.values(results));
console.log(`mutation score: ${score}, at least ${MINIMUM} wanted`);
if (score < MINIMUM) process.exitCode = 1;
for (const [part, floor] of Object.entries(FLOORS)) {
  const own = scoreOf([results[part]]);
  if (own < MINIMUM) console.log(`${part} alone is at ${own}, short of ${MINIMUM}`);
  if (own < floor) process.exitCode = 1;
}
if (flags.includes('--record')) writeFileSync(RECORD, `${JSON.stringify(results, null, 2)}\n`);
