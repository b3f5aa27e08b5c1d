import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { operands, value } from '../../command/option.js';
import { integer, number } from '../../command/parsers.js';
import { interrupted } from '../../errors.js';
import { milliseconds, SummarySchema } from '../../loadtest/measurements.js';
import { recommend, tune } from '../../loadtest/tuning.js';
import { right, table } from '../../output/result.js';
import { count } from '../../output/text.js';
import { durationOption, fileOption, localOption, portOption, refuseCloudFlags, spawnRateOption, taskOptions } from './flags.js';
import { loadLocally, openTarget } from './local-load.js';

/** Users that people plan for. */
const PLANNED = [100, 500, 1000];

const Efficiency = Type.Number({ description: 'median of one user divided by that of the step' });

export const tuneLoadtest = command({
  path: 'loadtest tune',
  summary: 'Find how many users one process serves before answers slow down',
  description: 'Measures one user, and then more and fewer until it knows. Takes tokens, as run does.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { userClasses: operands('user_classes', 'classes of the scenario; all unless given') },
  options: {
    file: fileOption,
    local: localOption,
    maxUsers: value('--max-users <n>', 'most users to try', 40, { parse: integer(1, 10_000) }),
    threshold: value('--threshold <part>', 'least efficiency, from 0 to 1', 0.8, { parse: number(0, 1) }),
    stepDuration: durationOption('--step-duration <duration>', 'of each step', 30_000),
    baselineDuration: durationOption('--baseline-duration <duration>', 'of the first, with one user', 60_000),
    spawnRate: spawnRateOption,
    ...taskOptions,
    port: portOption,
  },
  output: Type.Object({
    steps: Type.Array(Type.Composite([Type.Object({ users: Type.Integer(), efficiency: Efficiency }), SummarySchema])),
    optimum: Type.Object({ users: Type.Integer(), requestsPerSecond: Type.Number(), efficiency: Efficiency }),
    recommendations: Type.Array(Type.Object({ users: Type.Integer(), processes: Type.Integer(), requestsPerSecond: Type.Number() })),
  }),
  examples: ['loadtest tune --local -f load.yaml --max-users 80 --endpoint-url http://localhost:8000'],
  async run(context, { maxUsers, threshold, stepDuration, baselineDuration, spawnRate, ...values }) {
    if (values.local) refuseCloudFlags(values);
    const target = await openTarget(context, 'loadtest tune', values);
    const tuning = await tune({ maxUsers, threshold }, async (users, baseline) => {
      const durationMs = baseline ? baselineDuration : stepDuration;
      const summary = await loadLocally(context, target, `Measuring ${users} user(s)`, { users, spawnRate, durationMs });
      return context.signal.aborted ? undefined : summary; // what was cut short says nothing
    });
    if (tuning === undefined || context.signal.aborted) throw interrupted();
    const { steps, optimum } = tuning;
    const recommendations = PLANNED.map((users) => recommend(optimum, users));
    return {
      data: {
        steps, recommendations,
        optimum: { users: optimum.users, requestsPerSecond: optimum.requestsPerSecond, efficiency: optimum.efficiency },
      },
      human: () => [
        table(
          [right('Users'), right('RPS'), right('p50'), right('p95'), right('p99'), right('Reqs'), right('Efficiency')],
          steps.map((step) => [
            count(step.users), step.requestsPerSecond.toFixed(1), milliseconds(step.p50Ms), milliseconds(step.p95Ms), milliseconds(step.p99Ms),
            count(step.requests), percent(step.efficiency),
          ]),
        ),
        '',
        `Optimum: ${count(optimum.users)} user(s) of one process, ${optimum.requestsPerSecond.toFixed(1)} requests per second, efficiency ${percent(optimum.efficiency)}`,
        ...recommendations.map(({ users, processes, requestsPerSecond }) =>
          `  ${count(users)} users: ${count(processes)} process(es), about ${count(requestsPerSecond)} requests per second`),
      ],
    };
  },
});

const percent = (part: number): string => `${(part * 100).toFixed(0)}%`;
