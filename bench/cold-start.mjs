// How long each function takes to load, as Lambda does at a cold start, and how large its bundle is.
// Prints the figures; `--record` keeps them in bench/results/cold-start.json.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const RUNS = 15;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Milliseconds that a new process takes to load a module. */
function loadMs(module) {
  const script = `const begin = process.hrtime.bigint(); require(${JSON.stringify(module)}); console.log(Number(process.hrtime.bigint() - begin) / 1e6);`;
  const env = { ...process.env, TABLE_NAME: 'table', AWS_REGION: 'us-east-1', LOG_LEVEL: 'ERROR', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
  return Number(spawnSync(process.execPath, ['-e', script], { cwd: new URL('..', import.meta.url), encoding: 'utf8', env }).stdout);
}

const functions = Object.fromEntries(readdirSync('assets').map((name) => {
  const file = `assets/${name}/index.js`;
  const runs = Array.from({ length: RUNS }, () => loadMs(`./${file}`));
  return [name, { bundleBytes: statSync(file).size, loadMsMedian: Math.round(median(runs)) }];
}));
const result = { node: process.version, cpu: cpus()[0].model, runs: RUNS, functions };
console.log(JSON.stringify(result, null, 2));
if (process.argv.includes('--record')) writeFileSync('bench/results/cold-start.json', `${JSON.stringify(result, null, 2)}\n`);
