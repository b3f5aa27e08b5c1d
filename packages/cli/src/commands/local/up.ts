import { resolve } from 'node:path';
import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { choiceOr, optional, value } from '../../command/option.js';
import { CliError, invalid } from '../../errors.js';
import type { Wanted } from '../../local/backend.js';
import { BACKENDS, endpointOf, type BackendName, type Instance } from '../../local/instance.js';
import { isTaken } from '../../local/ports.js';
import { backendNamed, runningOn } from '../../local/running.js';
import { fields, type Block, type Result } from '../../output/result.js';
import { dockerHostOption, instanceData, InstanceSchema, localCommand, nameOption, portOption } from './options.js';

const DEFAULT_IMAGE = 'localstack/localstack:4.14';
const TITLES: Readonly<Record<BackendName, string>> = { 'dynamodb-local': 'DynamoDB Local', 'localstack': 'LocalStack' };

export const up = command({
  path: 'local up',
  summary: 'Start a limiter on this machine',
  description: 'With dynamodb-local, which needs Java 17, the table is the one that `deploy` would create, and the aggregator works on its stream. '
    + 'Its port is open on every network interface, to any credentials. With localstack, which needs Docker, it is an empty LocalStack to deploy to.',
  scope: 'offline',
  effect: 'writes',
  options: {
    backend: choiceOr('--backend <backend>', 'what to run', BACKENDS, 'dynamodb-local'),
    name: nameOption,
    port: portOption,
    data: optional('--data <folder>', 'folder that keeps the items of dynamodb-local; in memory unless given'),
    image: value('--image <image>', 'image of localstack', DEFAULT_IMAGE, { parse: String }),
    dockerHost: dockerHostOption,
  },
  output: Type.Object({
    state: Type.Union(['started', 'already-running', 'would-start'].map((state) => Type.Literal(state)), { description: 'would-start: a dry run' }),
    ...InstanceSchema,
    pid: Type.Union([Type.Integer(), Type.Null()]),
    startedAt: Type.Union([Type.String(), Type.Null()]),
  }),
  examples: ['local up', 'local up --data ./limiter-data', 'local up --backend localstack'],
  async run(context, { backend: kind, data: folder, dockerHost, port, ...values }) {
    if (kind !== 'dynamodb-local' && folder !== undefined) throw invalid('--data is for dynamodb-local');
    if (kind !== 'localstack' && dockerHost !== undefined) throw invalid('--docker-host is for localstack');
    if (kind !== 'localstack' && values.image !== DEFAULT_IMAGE) throw invalid('--image is for localstack');
    const wanted: Wanted = {
      name: values.name || context.name, port, image: values.image, data: folder === undefined ? null : resolve(context.io.cwd, folder),
    };
    const found = await runningOn(port, context, dockerHost);
    if (found !== undefined) return already(found.instance, kind, wanted);
    if (await isTaken(port)) throw new CliError('PORT_TAKEN', `another program listens on port ${port}`, { hints: ['pass --port with another one'] });
    if (context.dryRun) return wouldStart(kind, wanted);
    const progress = await context.progress(`Starting ${TITLES[kind]}`);
    try {
      const instance = await (await backendNamed(kind, context, dockerHost)).start(wanted);
      progress.done(`${TITLES[kind]} started`);
      return { data: { state: 'started', ...instanceData(instance) }, human: (style) => [`${style.ok} ${runsLine(instance)}`, ...hints(instance)] };
    } catch (error) {
      progress.failed(`${TITLES[kind]} not started`);
      throw error;
    }
  },
});

/** The same instance is as good as a new one; another one is in the way. */
function already(instance: Instance, kind: BackendName, { name, data, port }: Wanted): Result {
  if (instance.backend !== kind || instance.name !== name || instance.data !== data) {
    throw new CliError('PORT_TAKEN', `${runsLine(instance)}, with ${dataText(instance)}`, { hints: [`${localCommand('down', port)}   ends it`, 'or pass --port with another one'] });
  }
  return { data: { state: 'already-running', ...instanceData(instance) }, human: () => [`${runsLine(instance)} already`, ...hints(instance)] };
}

function wouldStart(backend: BackendName, { name, port, data, image }: Wanted): Result {
  const endpoint = endpointOf(port);
  return {
    data: { state: 'would-start', backend, name, port, endpoint, pid: null, data, log: null, image: backend === 'localstack' ? image : null, startedAt: null },
    human: () => [`Dry run: ${TITLES[backend]} would be started on ${endpoint} for limiter '${name}'.`],
  };
}

const runsLine = ({ backend, name, port }: Instance): string => `${TITLES[backend]} runs on ${endpointOf(port)} for limiter '${name}'`;

const dataText = ({ data }: Instance): string => (data === null ? 'its items in memory' : `its items in ${data}`);

function hints(instance: Instance): Block[] {
  const { backend, data, log, name, port } = instance;
  const environment = localCommand('env', port);
  return [
    ...fields([
      ['Data', backend === 'localstack' ? undefined : data ?? 'in memory'],
      ['Log', log ?? undefined],
    ], '  '),
    '', 'To use it:', `  eval "$(${environment})"`,
    backend === 'localstack' ? `  zae-limiter deploy -n ${name} --endpoint-url ${endpointOf(port)}` : '  zae-limiter system set-defaults -l rpm:100',
    '', 'To end it:', `  ${localCommand('down', port)}`,
  ];
}
