import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync, chmodSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { RateLimiter } from '@zae-limiter/client';
import { endpointOf } from '../../src/local/instance';
import { accepts } from '../../src/local/ports';
import { invoke } from '../support/cli';
import { expectGolden } from '../support/golden';
import { newMachine, until, type LocalMachine } from '../support/local';

let machine: LocalMachine;
beforeEach(async () => { machine = await newMachine(); });
afterEach(async () => machine.cleanUp());

/** Runs a command against the instance. */
const client = async (argv: readonly string[], name = 'zae-limiter') => invoke([...argv, '-n', name, '--endpoint-url', endpointOf(machine.port)]);

const openLimiter = (stack: string) => RateLimiter.open({ stack, endpoint: endpointOf(machine.port) });

const keeper = (): number => (JSON.parse(readFileSync(join(machine.state, `${machine.port}.json`), 'utf8')) as { pid: number }).pid;

const childOf = (pid: number): number => {
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return processes.find(([, parent]) => parent === pid)![0]!;
};

describe('an instance in memory', () => {
  test('is started, seen and ended', async () => {
    const up = await machine.local(['up'], { tty: true });
    expect(up.code).toBe(0);
    expectGolden('local/up', machine.stable(up.stdout));
    expect((await client(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:50'])).code).toBe(0);
    expect((await client(['resource', 'list'])).stdout).toContain('gpt-4');

    const again = await machine.local(['up'], { tty: true });
    expect([again.code, again.stdout.split('\n')[0]]).toEqual([0, `DynamoDB Local runs on http://127.0.0.1:${machine.port} for limiter 'zae-limiter' already`]);
    expect(await machine.localJson(['up'])).toMatchObject({ state: 'already-running', pid: keeper() });

    const status = await machine.local(['status'], { tty: true });
    expect(status.code).toBe(0);
    expectGolden('local/status', machine.stable(status.stdout));
    expect(await machine.localJson(['status'])).toMatchObject({ running: true, healthy: true, instance: { backend: 'dynamodb-local', data: null }, services: null });

    const dry = await machine.local(['down', '--dry-run']);
    expect([dry.code, dry.stdout]).toEqual([0, `Dry run: DynamoDB Local on port ${machine.port} would be ended.\n`]);
    expect(await accepts(machine.port)).toBe(true);

    const down = await machine.local(['down'], { tty: true });
    expect(down.code).toBe(0);
    expectGolden('local/down', machine.stable(down.stdout));
    expect(await accepts(machine.port)).toBe(false);
    expect(await machine.localJson(['down'])).toMatchObject({ stopped: false, name: null });
    expect((await machine.local(['status'])).code).toBe(1);
    expect(await machine.localJson(['status'])).toMatchObject({ running: false, healthy: false, instance: null });
  });

  test('is one when two commands start it at once, and its log stays', async () => {
    const outcomes = await Promise.all([machine.local(['up']), machine.local(['up'])]);
    const [started, other] = outcomes.sort((a, b) => a.code - b.code);

    expect(started).toMatchObject({ code: 0, stdout: expect.stringContaining('DynamoDB Local runs') });
    expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/another command|another program/) });
    expect(await machine.localJson(['status'])).toMatchObject({ running: true, healthy: true });
    expect((await client(['resource', 'list'])).code).toBe(0);
    expect(((await machine.localJson(['logs'])).lines as string[]).join('\n')).toContain('Initializing DynamoDB Local');
    expect((await machine.local(['down'])).code).toBe(0);
    expect(await accepts(machine.port)).toBe(false);

    await machine.local(['up']);
    expect(((await machine.localJson(['logs'])).lines as string[]).join('\n')).not.toContain('Could not start');
  });

  test('adds up usage, as the deployed function does, and logs it', async () => {
    expect(await machine.localJson(['up', '-n', 'shop'])).toMatchObject({ state: 'started', name: 'shop' });
    await client(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:50'], 'shop');
    const limiter = await openLimiter('shop');
    await limiter.run({ entity: 'key-1', resource: 'gpt-4', consume: { rpm: 3 } }, async () => {});

    const usage = await until(async () => {
      const found = await limiter.admin.usage.list({ entity: 'key-1' }).toArray();
      return found.length === 2 ? found : undefined;
    });
    // Newest first; the first hour of a day begins when the day does.
    expect(usage.map(({ window, counters }) => [window, counters]).sort()).toEqual([['daily', { rpm: 3 }], ['hourly', { rpm: 3 }]]);
    await limiter.close();

    const { lines } = await machine.localJson(['logs', '--tail', '1000']) as { lines: string[] };
    expect(lines.filter((line) => line.includes('Lambda invocation completed'))).not.toEqual([]);
    expect((await machine.localJson(['logs', '--tail', '2']) as { lines: string[] }).lines).toHaveLength(2);
  });

  test('has a log that is followed until Ctrl-C, which is no failure', async () => {
    await machine.local(['up']);
    const interruption = new AbortController();
    const following = machine.local(['logs', '--follow'], { signal: interruption.signal });
    interruption.abort();

    const { code, stderr } = await following;
    expect([code, stderr]).toEqual([0, '']);
  });

  test('is not replaced by one that is different', async () => {
    await machine.local(['up']);

    for (const other of [['-n', 'other'], ['--data', '/tmp/elsewhere'], ['--backend', 'localstack']]) {
      const { code, stderr } = await machine.local(['up', ...other]);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`zae-limiter local down --port ${machine.port}   ends it`)]);
    }
  });

  test.each<[who: string, find: () => number]>([
    ['process that keeps it running', keeper],
    ['process that guards the server', () => childOf(keeper())],
    ['server', () => childOf(childOf(keeper()))],
  ])('ends with the %s, and can be started again', async (_, find) => {
    await machine.local(['up']);
    process.kill(find(), 'SIGKILL');
    await until(async () => !await accepts(machine.port));
    await until(async () => (await machine.local(['status'])).code === 1); // what keeps the server is told that it ended

    expect((await machine.local(['up'])).code).toBe(0);
  });

  test('is not left behind by a command that was interrupted', async () => {
    const interruption = new AbortController();
    const starting = machine.local(['up'], { signal: interruption.signal });
    await until(async () => accepts(machine.port));
    interruption.abort();

    expect((await starting).code).toBe(130);
    await until(async () => !await accepts(machine.port));
    expect((await machine.local(['status'])).code).toBe(1);
  });
});

test('keeps table and items in a folder, and counts nothing twice', async () => {
  const data = join(machine.state, 'data');
  const tokensOf = async (limiter: RateLimiter) => (await limiter.admin.usage.list({ entity: 'key-1', window: 'daily' }).toArray())[0]?.counters.rpm;
  const acquire = async (limiter: RateLimiter, rpm: number) => limiter.run({ entity: 'key-1', resource: 'gpt-4', consume: { rpm } }, async () => {});
  await machine.local(['up', '--data', data]);
  await client(['resource', 'set-defaults', 'gpt-4', '-l', 'rpm:50']);
  const before = await openLimiter('zae-limiter');
  await acquire(before, 3);
  await until(async () => await tokensOf(before) === 3);
  expect((await machine.local(['down'], { tty: true })).stdout).toContain(`Its items stay in ${data}.`);

  await machine.local(['up', '--data', data]);
  const after = await openLimiter('zae-limiter');
  await acquire(after, 4);
  const counted = await until(async () => {
    const tokens = await tokensOf(after);
    return tokens === 3 ? undefined : tokens;
  });

  expect(counted).toBe(7);
  await Promise.all([before.close(), after.close()]);
});

describe('nothing is started', () => {
  afterEach(async () => expect(await accepts(machine.port)).toBe(false));

  test('in a dry run', async () => {
    const { code, stdout } = await machine.local(['up', '--dry-run']);
    expect([code, stdout]).toEqual([0, `Dry run: DynamoDB Local would be started on http://127.0.0.1:${machine.port} for limiter 'zae-limiter'.\n`]);
    expect(await machine.localJson(['up', '--dry-run'])).toMatchObject({ state: 'would-start', pid: null });
  });

  test('on a port that another program has', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(machine.port, done));
    const { code, stderr } = await machine.local(['up']);
    await new Promise((done) => server.close(done));

    expect([code, stderr]).toEqual([1, `Error: another program listens on port ${machine.port}\n  pass --port with another one\n`]);
  });

  test.each<[title: string, argv: string[], exitCode: number, message: string]>([
    ['a name that is not valid', ['-n', 'no_underscores'], 2, 'no_underscores'],
    ['a name that is too long for its resources', ['-n', 'a'.repeat(60)], 2, 'aaaa'],
    ['a port that is none', ['--port', '0'], 2, 'must be a whole number from 1 to 65535'],
    ['an unknown backend', ['--backend', 'memory'], 2, 'dynamodb-local, localstack'],
    ['a folder for LocalStack', ['--backend', 'localstack', '--data', 'x'], 2, '--data is for dynamodb-local'],
    ['an image for DynamoDB Local', ['--image', 'x'], 2, '--image is for localstack'],
    ['a Docker for DynamoDB Local', ['--docker-host', 'x'], 2, '--docker-host is for localstack'],
  ])('with %s', async (_, argv, exitCode, message) => {
    const { code, stderr } = await machine.local(['up', ...argv]);
    expect([code, stderr]).toEqual([exitCode, expect.stringContaining(message)]);
  });

  test('without Java', async () => {
    const { code, stderr } = await machine.local(['up'], { env: { JAVA_HOME: '/nowhere' } });
    expect([code, stderr]).toEqual([1, expect.stringContaining("DynamoDB Local needs Java 17 or newer, and '/nowhere/bin/java' is not there")]);
  });

  test('with an old Java', async () => {
    const bin = join(machine.state, 'java', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'java'), '#!/bin/sh\necho \'openjdk version "1.8.0_392"\' >&2\n');
    chmodSync(join(bin, 'java'), 0o755);

    const { code, stderr } = await machine.local(['up'], { env: { JAVA_HOME: join(bin, '..') } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('is Java 8')]);
  });

  test('when the server does not start, and its log says why', async () => {
    const bin = join(machine.state, 'java', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'java'), '#!/bin/sh\n[ "$1" = -version ] && echo \'openjdk version "17"\' && exit\necho no memory is left\nexit 1\n');
    chmodSync(join(bin, 'java'), 0o755);

    const { code, stderr } = await machine.local(['up'], { env: { JAVA_HOME: join(bin, '..') } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('DynamoDB Local could not be started: DynamoDB Local ended as soon as it was started\n  no memory is left\n')]);
  });

  test('when the path of its socket would be too long', async () => {
    const { code, stderr } = await machine.local(['up'], { env: { XDG_STATE_HOME: `/tmp/${'a'.repeat(100)}` } });
    expect([code, stderr]).toEqual([2, expect.stringContaining('set XDG_STATE_HOME')]);
  });
});

test('has no log when nothing runs', async () => {
  const { code, stderr } = await machine.local(['logs']);
  expect([code, stderr]).toEqual([4, `Error: nothing that \`local up\` started runs on port ${machine.port}\n  zae-limiter local up --port ${machine.port}   starts it\n`]);
});

test('a damaged record of what runs is an error, and not nothing', async () => {
  mkdirSync(machine.state, { recursive: true });
  const record = join(machine.state, `${machine.port}.json`);
  writeFileSync(record, '{');
  expect((await machine.local(['status'])).code).toBe(1);
  expect((await machine.local(['status'])).stderr).toContain('JSON');
  writeFileSync(record, JSON.stringify({ backend: 'dynamodb-local', port: machine.port }));
  expect((await machine.local(['status'])).stdout).toContain('Nothing');
});
