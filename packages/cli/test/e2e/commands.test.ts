import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, Registry } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { MeteringProxy } from '../../../../examples/demo/metering-proxy';
import type { Command } from '../../src/command/command';
import { endpointOf } from '../../src/local/instance';
import { allCommands } from '../../src/commands/index';
import { checkSchema, invoke } from '../support/cli';
import { expectGolden } from '../support/golden';
import { newMachine, until, type LocalMachine } from '../support/local';
import { ELSEWHERE, STORY, type Step } from './story';

/** All that a command may call that changes nothing. */
const READS = /^(GetItem|BatchGetItem|Query|ListTables|Describe\w+)$/;

/** The time that all commands see. That of the stream is the machine's, so it must not be another year. */
const clock = new FakeClock(Date.now());

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

/** Makes a namespace, as `deploy` does for those of the template. */
async function register(namespace: string): Promise<void> {
  const client = new DynamoDBClient({ endpoint: endpointOf(machine.port) });
  await new Registry(new DynamoDbStore(client, 'e2e'), clock).registerNamespace(namespace);
  client.destroy();
}

/** Runs a step in a namespace, and fails if a command that only reads called what writes. */
async function run({ argv, exitCode = 0 }: Step, namespace: string, format: 'table' | 'json'): Promise<string> {
  const line = argv.map((word) => word.replaceAll('NS', namespace));
  const { scope, effect } = commandOf(argv);
  const place = scope === 'offline' ? [] : ['--endpoint-url', proxy.endpoint, ...(scope === 'account' ? [] : ['-n', 'e2e'])];
  const { code, stdout, stderr } = await invoke([...line, ...place, '-o', format], { tty: true, clock });
  expect([code, stderr]).toEqual([exitCode, '']);
  const { calls } = proxy.take();
  if (effect === 'reads') expect(calls.filter((call) => !READS.test(call))).toEqual([]);
  return stdout;
}

describe('for people', () => {
  beforeAll(async () => register('people'));

  test.each(STORY.map((step) => [step.argv.join(' '), step] as const))('%s', async (_, step) => {
    const { when } = step;
    if (when !== undefined) await until(async () => when(JSON.parse(await run(step, 'people', 'json')) as Record<string, unknown>));

    expectGolden(`e2e/${step.golden}`, machine.stable(await run(step, 'people', 'table')));
  });
});

describe('as JSON', () => {
  beforeAll(async () => register('programs'));

  test.each(STORY.map((step) => [step.argv.join(' '), step] as const))('%s', async (_, step) => {
    const { when = () => true } = step;
    const data = await until(async () => {
      const found = JSON.parse(await run(step, 'programs', 'json')) as Record<string, unknown>;
      return when(found) ? found : undefined;
    });

    await checkSchema(step.argv, data);
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
