// Measures speed, growth, CPU time and cost of the client beside its floor and its peers, all against one DynamoDB Local.
// `--quick` takes two minutes and gives rough figures, which the documentation does not get; `--part speed` (growth, profile, cost)
// measures that part only; `--report` measures nothing, and writes tables and curves from the results that are there.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { start } from '../tools/dynamodb-local.cjs';
import { prepare as preparePython } from '../tools/python-env.cjs';
import { describeMachine } from './machine';
import { measureCosts } from './parts/cost';
import { growthCases } from './parts/growth';
import { PROFILE_CASES } from './parts/profile';
import { SPEED_CASES } from './parts/speed';
import { describeTargets } from './report/blocks';
import { readResults, RESULTS } from './report/results';
import { writeReport } from './report/write';
import { measureRounds, type Bench } from './rounds';
import { FULL, QUICK } from './settings';
import { PYTHON_RELEASE, SubjectProcess } from './subject-process';
import { prepareTables, startCannedServer } from './table-server';

const ROOT = join(__dirname, '..');
const QUICK_RESULTS = join(RESULTS, 'quick');
const PARTS = ['cost', 'profile', 'speed', 'growth'] as const;
type Part = (typeof PARTS)[number];

/** The worker as one file, without what a development runner adds to the code that it compiles. */
async function buildWorker(): Promise<void> {
  await build({
    entryPoints: [join(__dirname, 'worker.ts')], outfile: join(__dirname, 'node_modules', '.cache', 'worker.mjs'),
    bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external', tsconfig: 'tsconfig.check.json',
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, report: { type: 'boolean', default: false }, part: { type: 'string', multiple: true } },
  });
  if (!values.report) await measure(values);
  if (values.quick) console.log(`\n${describeTargets(readResults(ROOT, QUICK_RESULTS))}`);
  else await writeReport(ROOT);
}

async function measure(values: { readonly quick: boolean; readonly part?: string[] }): Promise<void> {
  const parts = (values.part ?? PARTS) as Part[];
  for (const part of parts) if (!PARTS.includes(part)) throw new Error(`there is no part '${part}'; there are ${PARTS.join(', ')}`);
  const settings = values.quick ? QUICK : FULL;
  const began = Date.now();
  const log = (line: string): void => console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(5)} s  ${line}`);

  preparePython(log, 'The measurements', [PYTHON_RELEASE]);
  await buildWorker();
  const server = await start();
  const canned = await startCannedServer();
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL_DYNAMODB: server.endpoint,
  });
  const subjects = new Map<string, SubjectProcess[]>();
  try {
    const environment = await prepareTables();
    const bench: Bench = {
      settings, log,
      processes: (subject, count) => {
        const known = subjects.get(subject) ?? [];
        subjects.set(subject, known);
        while (known.length < count) known.push(new SubjectProcess(subject, environment, { BENCH_CANNED_ENDPOINT: canned.endpoint }));
        return known.slice(0, count);
      },
    };
    const machine = describeMachine({ 'DynamoDB Local': server.version, 'zae-limiter (Python)': PYTHON_RELEASE });
    const record = (part: Part, result: object): void => {
      const file = join(values.quick ? QUICK_RESULTS : RESULTS, `${part}.json`);
      mkdirSync(join(ROOT, file, '..'), { recursive: true });
      writeFileSync(join(ROOT, file), `${JSON.stringify({ machine, settings, ...result }, null, 1)}\n`);
      log(`wrote ${file}`);
    };
    const measurements: Record<Part, () => Promise<object>> = {
      cost: () => measureCosts(environment, server.endpoint),
      profile: async () => ({ cases: await measureRounds(bench, PROFILE_CASES) }),
      speed: async () => ({ cases: await measureRounds(bench, SPEED_CASES) }),
      growth: async () => {
        const { keys, limits, callers } = growthCases(settings.mostKeys);
        const measured = await measureRounds(bench, [...keys, ...limits, ...callers]);
        return { keys: measured.splice(0, keys.length), limits: measured.splice(0, limits.length), callers: measured };
      },
    };
    for (const part of PARTS.filter((name) => parts.includes(name))) {
      log(part);
      record(part, await measurements[part]());
    }
  } finally {
    for (const process of [...subjects.values()].flat()) process.stop();
    canned.stop();
    await server.stop();
  }
}

main().catch((error: Error) => {
  console.error(error.stack);
  process.exitCode = 1;
});
