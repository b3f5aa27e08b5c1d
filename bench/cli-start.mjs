// How long `zae-limiter --help` takes beyond `node -e 0`, each in a new process that is run in turn with the other.
// Prints the figures; `--record` keeps them in bench/results/cli-start.json. Needs what `npx projen compile:packages` makes.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = 25;
/** What the help may take altogether, warm and on two cores that do nothing else. */
const BOUND_MS = 300;
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const PROGRAM = join(ROOT, 'packages', 'cli', 'dist', 'main.js');
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const COMMANDS = { bareNode: ['-e', '0'], help: [PROGRAM, '--help'] };

/** Milliseconds from the start of a process to its end. */
function time(args) {
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - began;
}

if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not there: run "npx projen compile:packages" first`);
const [load] = loadavg(); // above the number of cores, the figures are those of a busy machine
const names = Object.keys(COMMANDS);
names.forEach((name) => time(COMMANDS[name])); // the first run reads the modules from the disk
const runs = Object.fromEntries(names.map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  const order = round % 2 === 0 ? names : names.toReversed(); // whatever slows the machine down slows both
  for (const name of order) runs[name].push(time(COMMANDS[name]));
}

const [bareNode, help] = names.map((name) => median(runs[name]));
const result = {
  date: new Date().toISOString().slice(0, 10), node: process.version, cpu: cpus()[0].model, cores: cpus().length,
  loadAverage: Math.round(load * 10) / 10, rounds: ROUNDS, boundMs: BOUND_MS,
  bareNodeMs: Math.round(bareNode), helpMs: Math.round(help), differenceMs: Math.round(help - bareNode), ratio: Math.round((help / bareNode) * 100) / 100,
};
console.log(JSON.stringify(result, null, 2));
if (process.argv.includes('--record')) writeFileSync(join(ROOT, 'bench/results/cli-start.json'), `${JSON.stringify(result, null, 2)}\n`);
