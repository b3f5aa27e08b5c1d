// How much longer an app with a limiter takes to synthesise than the same app with a bare table, each in a new process.
// Prints the figures; `--record` keeps them in bench/results/synth-time.json. Needs what `npx projen compile` makes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 15;
/** What a limiter may cost at most, on a machine that does nothing else. */
const BOUND_MS = 300;
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** The same app twice: what differs is one line, and the module that the limiter comes from. */
const APPS = {
  bareTable: {
    load: "const dynamodb = require('aws-cdk-lib/aws-dynamodb');",
    build: "new dynamodb.Table(stack, 'Table', { partitionKey: { name: 'PK', type: dynamodb.AttributeType.STRING } });",
  },
  limiter: {
    load: "const { ZaeLimiter } = require('@zae-limiter/cdk');",
    build: "new ZaeLimiter(stack, 'Limiter');",
  },
};
const sourceOf = ({ load, build }) => `
const { App, Stack } = require('aws-cdk-lib');
${load}
const app = new App();
const stack = new Stack(app, 'app');
${build}
app.synth();
const { user, system } = process.cpuUsage();
console.log((user + system) / 1000);
`;

/** Milliseconds from the start of a process to its end, and those that it computed for. */
function synth(folder, name) {
  const env = { ...process.env, CDK_OUTDIR: join(folder, `${name}.out`), JSII_DEPRECATED: 'quiet' };
  rmSync(env.CDK_OUTDIR, { recursive: true, force: true });
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${name}.cjs`], { cwd: folder, encoding: 'utf8', env });
  const wallMs = performance.now() - began;
  if (status !== 0) throw new Error(stderr);
  return { wallMs, cpuMs: Number(stdout) };
}

if (!existsSync(join(ROOT, 'lib', 'index.js'))) throw new Error('lib/ is not there: run "npx projen bundle" and "npx projen compile" first');
const folder = mkdtempSync(join(tmpdir(), 'synth-time-'));
try {
  mkdirSync(join(folder, 'node_modules', '@zae-limiter'), { recursive: true });
  symlinkSync(ROOT, join(folder, 'node_modules', '@zae-limiter', 'cdk'));
  for (const name of ['aws-cdk-lib', 'constructs']) symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  for (const [name, app] of Object.entries(APPS)) writeFileSync(join(folder, `${name}.cjs`), sourceOf(app));

  const [load] = loadavg(); // above the number of cores, the figures are those of a busy machine
  const names = Object.keys(APPS);
  names.forEach((name) => synth(folder, name)); // the first run reads the modules from the disk
  const runs = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed(); // whatever slows the machine down slows both
    for (const name of order) runs[name].push(synth(folder, name));
  }

  const medians = (figure) => {
    const [bareTableMs, limiterMs] = names.map((name) => Math.round(median(runs[name].map((run) => run[figure]))));
    return { bareTableMs, limiterMs, differenceMs: limiterMs - bareTableMs };
  };
  const result = {
    date: new Date().toISOString().slice(0, 10), node: process.version, cpu: cpus()[0].model, cores: cpus().length,
    loadAverage: Math.round(load * 10) / 10, rounds: ROUNDS, boundMs: BOUND_MS,
    wall: medians('wallMs'),
    processor: medians('cpuMs'), // on every core, so it may be more than the wall's; other programs hardly change it
  };
  console.log(JSON.stringify(result, null, 2));
  if (process.argv.includes('--record')) writeFileSync(join(ROOT, 'bench/results/synth-time.json'), `${JSON.stringify(result, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
