import { command } from '../../command/command.js';
import { operands, value } from '../../command/option.js';
import { integer } from '../../command/parsers.js';
import { EXIT } from '../../exit-codes.js';
import { summaryLines, SummarySchema } from '../../loadtest/measurements.js';
import { durationOption, fileOption, localOption, portOption, refuseCloudFlags, spawnRateOption, taskOptions, workersOption } from './flags.js';
import { loadLocally, openTarget } from './local-load.js';

export const runLoadtest = command({
  path: 'loadtest run',
  summary: 'Send requests of virtual users, and measure the answers',
  description: 'Takes tokens from the limits that are stored, or from those that the scenario brings. Ctrl-C ends it early.',
  scope: 'namespace',
  effect: 'writes',
  arguments: { userClasses: operands('user_classes', 'classes of the scenario; all unless given') },
  options: {
    file: fileOption,
    local: localOption,
    users: value('--users <n>', 'virtual users', 20, { parse: integer(1, 10_000) }),
    duration: durationOption('--duration <duration>', 'how long', 60_000),
    spawnRate: spawnRateOption,
    ...taskOptions,
    port: portOption,
    workers: workersOption,
  },
  output: SummarySchema,
  examples: ['loadtest run --local -f load.yaml --users 50 --duration 30s --endpoint-url http://localhost:8000'],
  async run(context, { users, duration: durationMs, spawnRate, ...values }) {
    if (values.local) refuseCloudFlags(values);
    const target = await openTarget(context, 'loadtest run', values);
    context.endsItself = true;
    const summary = await loadLocally(context, target, `Loading with ${users} user(s)`, { users, spawnRate, durationMs });
    return { data: summary, exitCode: context.signal.aborted ? EXIT.interrupted : EXIT.ok, human: () => summaryLines(summary) };
  },
});
