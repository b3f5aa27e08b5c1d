import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { accepts } from '../../src/local/ports';
import { newFakeDocker, type Behaviour, type FakeDocker } from '../support/fake-docker';
import { expectGolden } from '../support/golden';
import { newMachine, type LocalMachine } from '../support/local';

let machine: LocalMachine;
let docker: FakeDocker;
beforeEach(async () => {
  machine = await newMachine();
  withContainer('healthy');
});
afterEach(async () => {
  await local(['down']);
  await machine.cleanUp();
});

const withContainer = (behaviour: Behaviour): void => { docker = newFakeDocker(join(machine.state, 'docker'), behaviour); };

const local: LocalMachine['local'] = async (argv, options) => machine.local(argv, { ...options, env: docker.env });
const localJson: LocalMachine['localJson'] = async (argv, options) => machine.localJson(argv, { ...options, env: docker.env });
const UP = ['up', '--backend', 'localstack'];

test('is started, seen and ended', async () => {
  const up = await local(UP, { tty: true });
  expect(up.code).toBe(0);
  expectGolden('local/up-localstack', machine.stable(up.stdout));
  expect(docker.calls()).toContain(`run --detach --name zae-limiter-localstack --publish 127.0.0.1:${machine.port}:4566 `
    + '--env SERVICES=cloudformation,cloudwatch,dynamodb,dynamodbstreams,events,iam,kms,lambda,logs,s3,sns,sqs,ssm,sts '
    + '--volume /var/run/docker.sock:/var/run/docker.sock localstack/localstack:4.14');
  expect(await localJson(UP)).toMatchObject({ state: 'already-running', image: 'localstack/localstack:4.14', pid: null });

  const status = await local(['status'], { tty: true });
  expect(status.code).toBe(0);
  expectGolden('local/status-localstack', machine.stable(status.stdout));
  expect(await localJson(['status'])).toMatchObject({ running: true, healthy: true, services: { dynamodb: 'running', lambda: 'available' } });

  expect((await local(['logs', '--tail', '5'])).stdout.trim().split('\n').sort()).toEqual(['Ready.', 'a warning']);
  expect(docker.calls()).toContain('logs --tail 5 zae-limiter-localstack');

  expect(await localJson(['down'])).toMatchObject({ stopped: true });
  expect(docker.calls().slice(-2)).toEqual(['stop --time 10 zae-limiter-localstack', 'rm --force zae-limiter-localstack']);
  expect((await local(['status'])).code).toBe(1);
});

test('follows its log until Ctrl-C', async () => {
  await local(UP);
  const interruption = new AbortController();
  const following = local(['logs', '--follow'], { signal: interruption.signal });
  while (!docker.calls().some((call) => call.startsWith('logs --tail 100 --follow'))) await new Promise((done) => setTimeout(done, 20));
  interruption.abort();

  expect((await following).code).toBe(0);
});

test('takes the Docker and the image that were asked for', async () => {
  await local([...UP, '--docker-host', 'unix:///run/mine.sock', '--image', 'localstack/localstack:latest']);

  expect(docker.calls().every((call) => call.startsWith('--host unix:///run/mine.sock '))).toBe(true);
  expect(await localJson(['status'])).toMatchObject({ instance: { image: 'localstack/localstack:latest' } });
});

test('is seen as ended when its container is gone', async () => {
  await local(UP);
  const container = join(machine.state, 'docker', 'container');
  process.kill(Number(readFileSync(container, 'utf8')));
  rmSync(container);

  expect((await local(['status'])).code).toBe(1);
});

describe('fails', () => {
  afterEach(async () => expect(await accepts(machine.port)).toBe(false));

  test('when its container ends at once, with its log', async () => {
    withContainer('ends');
    const { code, stderr } = await local(UP);
    expect([code, stderr]).toEqual([1, expect.stringContaining('LocalStack ended as soon as it was started\n')]);
    expect(stderr).toContain('  Ready.\n');
    expect(docker.calls().at(-1)).toBe('rm --force zae-limiter-localstack');
  });

  test('when Docker does, with what it said', async () => {
    const { code, stderr } = await local([...UP, '--image', 'localstack/unknown']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('docker: pull access denied for localstack/unknown')]);
  });

  test('without Docker', async () => {
    const { code, stderr } = await machine.local(UP, { env: { PATH: '/nowhere' } });
    expect([code, stderr]).toEqual([1, expect.stringContaining("LocalStack needs Docker, and the program 'docker' is not there")]);
  });

  test('in a dry run it starts nothing', async () => {
    expect(await localJson([...UP, '--dry-run'])).toMatchObject({ state: 'would-start', image: 'localstack/localstack:4.14' });
    expect(docker.calls()).toEqual([]);
  });
});

test('does not take the place of one on another port', async () => {
  await local(UP);
  const other = await newMachine();
  const { code, stderr } = await other.local(UP, { env: docker.env });
  await other.cleanUp();

  expect([code, stderr]).toEqual([1, expect.stringContaining('the container zae-limiter-localstack runs already, on another port')]);
  expect((await local(['status'])).code).toBe(0);
});
