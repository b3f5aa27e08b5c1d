import { choiceOr, flag, optional, toggle, value, type Option } from '../../command/option.js';
import { duration, integer } from '../../command/parsers.js';
import { CliError, invalid } from '../../errors.js';
import { EXIT } from '../../exit-codes.js';

/** Said of flags of the load generator in AWS, which scripts for the Python library may hold. */
const COMPATIBLE = 'accepted for compatibility';

export const fileOption = optional('-f, --file <file>', 'scenario: JSON, YAML, or a module that makes requests');

/** Virtual users of `run` and `tune`. */
export const spawnRateOption = value('--spawn-rate <n>', 'users that begin each second', 10, { parse: integer(1, 10_000) });

export const localOption = flag('--local', 'send the requests from this machine');

/** Flags of the generator's containers. */
export const taskOptions = {
  cpu: optional('--cpu <units>', `units of CPU of the master; ${COMPATIBLE}`, { parse: integer(256) }),
  memory: optional('--memory <mib>', `memory of the master; ${COMPATIBLE}`, { parse: integer(512) }),
  standalone: flag('--standalone', `one container; ${COMPATIBLE}`, { hidden: true }),
};

/** Flags of the generator's workers; those of `deploy` have defaults. */
export const workerOptions = {
  maxWorkers: optional('--max-workers <n>', `most workers; 100 unless given; ${COMPATIBLE}`, { parse: integer(1) }),
  usersPerWorker: optional('--users-per-worker <n>', `users of each worker; 10 unless given; ${COMPATIBLE}`, { parse: integer(1) }),
  minWorkers: optional('--min-workers <n>', `least workers; 1 unless given; ${COMPATIBLE}`, { parse: integer(0) }),
  startupLeadTime: optional('--startup-lead-time <seconds>', `time before the load; 20 unless given; ${COMPATIBLE}`, { parse: integer(0) }),
};

export const folderOption = value('-C, --project-dir <folder>', `folder of the load test; ${COMPATIBLE}`, '.', { parse: String });

export const deployOptions = {
  vpcId: optional('--vpc-id <id>', `network; ${COMPATIBLE}`),
  subnetIds: optional('--subnet-ids <ids>', `subnets, separated by commas; ${COMPATIBLE}`),
  ...workerOptions,
  lambdaTimeout: value('--lambda-timeout <minutes>', `of the workers; ${COMPATIBLE}`, 5, { parse: integer(1, 15) }),
  lambdaMemory: value('--lambda-memory <mib>', `of the workers; ${COMPATIBLE}`, 1769, { parse: integer(128, 10_240) }),
  capacityProvider: choiceOr('--capacity-provider <provider>', `of the master; ${COMPATIBLE}`, ['FARGATE_SPOT', 'FARGATE'], 'FARGATE_SPOT'),
  ssmEndpoint: toggle('--ssm-endpoint', `an endpoint for SSM; ${COMPATIBLE}`, false),
  dynamodbEndpoint: toggle('--dynamodb-endpoint', `an endpoint for DynamoDB; ${COMPATIBLE}`, true),
  projectDir: folderOption,
};

export const portOption = optional('--port <port>', `port of the generator; 8089 unless given; ${COMPATIBLE}`, { parse: integer(1, 65_535) });

export const durationOption = (flags: string, description: string, initialMs: number): Option<number> =>
  value(flags, description, initialMs, { parse: duration });

/** The generator in AWS is no part of this program. */
export const notHere = (what: string): CliError => new CliError(
  'NOT_SUPPORTED', `${what} is not part of this program: its load generator runs on this machine`, {
    exitCode: EXIT.invalid,
    hints: [
      'zae-limiter loadtest run --local -f FILE   sends requests from this machine',
      'zae-limiter loadtest tune --local -f FILE   finds how many users one process serves',
      'for more load than one machine makes, run it on several at once, for example as tasks of Amazon ECS',
    ],
  },
);

/** @throws {CliError} a flag was given that has no meaning for a load of this machine */
export function refuseCloudFlags(values: Readonly<Record<string, unknown>>): void {
  const flags = { ...taskOptions, port: portOption, workers: workersOption };
  const given = Object.entries(flags).find(([key]) => values[key] !== undefined && values[key] !== false);
  if (given !== undefined) throw invalid(`${/--[\w-]+/.exec(given[1].flags)![0]} is for the load generator in AWS: leave it out with --local`);
}

export const workersOption = optional('--workers <n>', `workers in AWS; ${COMPATIBLE}`, { parse: integer(1) });
