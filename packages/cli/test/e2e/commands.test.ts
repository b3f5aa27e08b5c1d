import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, NamespacesAdmin } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { MeteringProxy } from '../../../../examples/demo/metering-proxy';
import type { Command } from '../../src/command/command';
import { allCommands } from '../../src/commands/index';
import { endpointOf } from '../../src/local/instance';
import { checkSchema, invoke } from '../support/cli';
import { expectGolden } from '../support/golden';
import { newMachine, until, type LocalMachine } from '../support/local';
import { ELSEWHERE, STORY, type Step } from './story';

/** All that a command may call that changes nothing. */
const READS = /^(GetItem|BatchGetItem|Query|ListTables|Describe\w+)$/;

/** The time that commands see: another one for each, so that events have an order. Near that of the stream, which is the machine's. */
const clock = new FakeClock(Math.floor(Date.now() / 1000) * 1000);

let machine: LocalMachine;
let proxy: MeteringProxy;
let commands: Command[];

beforeAll(async () => {
  machine = await newMachine();
  await machine.local(['up', '-n', 'e2e']);
  proxy = await MeteringProxy.start(endpointOf(machine.port));
  commands = await allCommands();
});
afterAll(async () => {
  await proxy.stop();
  await machine.cleanUp();
});

const commandOf = (argv: readonly string[]): Command =>
  commands.filter(({ path }) => `${argv.join(' ')} `.startsWith(`${path} `)).sort((a, b) => b.path.length - a.path.length)[0]!;

/** Does something with the namespaces of the table. */
async function withNamespaces<T>(use: (namespaces: NamespacesAdmin) => Promise<T>): Promise<T> {
  const client = new DynamoDBClient({ endpoint: endpointOf(machine.port) });
  try {
    return await use(new NamespacesAdmin({ store: new DynamoDbStore(client, 'e2e'), clock }));
  } finally {
    client.destroy();
  }
}

/** Ids of namespaces by name, also of those that were deleted since. */
const ids = new Map<string, string>();

async function rememberIds(): Promise<void> {
  for (const { name, id } of await withNamespaces(async (namespaces) => namespaces.list().toArray())) ids.set(name, id);
}

/** Runs a step in a namespace, and fails if a command that only reads called what writes. */
async function run({ argv, exitCode = 0, stdin = '' }: Step, namespace: string, format: 'table' | 'json'): Promise<string> {
  const { scope, effect, writesFile = false } = commandOf(argv);
  const line = argv.map((word) => word.replaceAll('NS', namespace).replace(/ID\((.+)\)/, (_, name: string) => ids.get(name)!));
  const place = scope === 'offline' ? [] : ['--endpoint-url', proxy.endpoint, ...(scope === 'account' ? [] : ['-n', 'e2e'])];
  proxy.take();
  const { code, stdout, stderr } = await invoke([...line, ...place, '--quiet', ...(writesFile ? [] : ['-o', format])], {
    tty: true, columns: 200, clock, stdin: stdin.replaceAll('NS', namespace),
  });
  expect([code, exitCode === 0 ? stderr : '']).toEqual([exitCode, '']);
  const { calls } = proxy.take();
  if (effect === 'reads') expect(calls.filter((call) => !READS.test(call))).toEqual([]);
  await rememberIds();
  return `${stdout}${stderr}`;
}

/** Text without what differs from run to run. */
const stable = (text: string): string => [...ids.values()].reduce((shown, id) => shown.replaceAll(id, 'NAMESPACE'), machine.stable(text))
  .replace(/("tokens": -?\d+)\.\d+/g, '$1') // refill comes in steps of the time since 1970
  .replace(/^((?:rpm|tpm) +)-[\d,]+/gm, '$1DEBT'); // the aggregator of the instance refills, and its clock does not stand still

describe('for people', () => {
  beforeAll(async () => withNamespaces(async (namespaces) => namespaces.register('people')));

  test.each(STORY.filter(({ only }) => only !== 'programs').map((step) => [step.argv.join(' '), step] as const))('%s', async (_, step) => {
    const { when } = step;
    clock.advance(1);
    if (when !== undefined) await until(async () => when(JSON.parse(await run(step, 'people', 'json')) as Record<string, unknown>));

    expectGolden(`e2e/${step.golden}`, stable(await run(step, 'people', 'table')));
  });
});

describe('as JSON', () => {
  beforeAll(async () => withNamespaces(async (namespaces) => namespaces.register('programs')));

  test.each(STORY.filter(({ only }) => only !== 'people').map((step) => [step.argv.join(' '), step] as const))('%s', async (_, step) => {
    const { when = () => true } = step;
    clock.advance(1);
    const data = await until(async () => {
      const text = await run(step, 'programs', 'json');
      const found = commandOf(step.argv).writesFile ? {} : JSON.parse(text) as Record<string, unknown>;
      return when(found) ? found : undefined;
    });

    if (data.schema === 'zae-limiter.error/1') expect(data).toMatchObject({ error: { exitCode: step.exitCode } });
    else if (!commandOf(step.argv).writesFile) await checkSchema(step.argv, data);
  });
});

test('every command that needs nothing but DynamoDB is in the story', () => {
  const told = new Set(STORY.map(({ argv }) => commandOf(argv).path));
  const missing = commands.map(({ path }) => path).filter((path) => !told.has(path) && !ELSEWHERE.has(path) && !ELSEWHERE.has(path.split(' ')[0]!));
  expect(missing).toEqual([]);
});

test('the proxy sees what writes', async () => {
  await invoke(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:1', '-n', 'e2e', '--endpoint-url', proxy.endpoint]);
  expect(proxy.take().calls.filter((call) => !READS.test(call))).not.toEqual([]);
});
