import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, Registry } from '@zae-limiter/client';
import { namespaceKey, versionKey } from '@zae-limiter/client/admin';
import { testTemplate } from '../../../../test/support/table';
import { aggregatorEnvironment, deliveryOf, loadAggregator } from '../../src/local/aggregator';
import { answers, listen, stop } from '../../src/local/control';
import { DynamoDbLocal } from '../../src/local/dynamodb-local';
import { findJava } from '../../src/local/java';
import { prepareTable } from '../../src/local/limiter-table';
import { accepts } from '../../src/local/ports';
import { killGroup } from '../../src/local/process-group';
import { freePort, newMachine } from '../support/local';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'zael-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the table', () => {
  const client = new DynamoDBClient({ endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB });
  afterAll(() => client.destroy());

  test('is what a deployment makes, and stays as it is the next time', async () => {
    const name = `local-${Date.now()}`;
    const stream = await prepareTable(client, testTemplate(), name);
    const store = new DynamoDbStore(client, name);
    const registered = async () => store.getMany([versionKey, namespaceKey('default')], { consistent: true });
    const [version, namespace] = await registered();
    await new Registry(store, { now: () => 0, sleep: async () => {} }).registerNamespace('mine');

    expect(stream).toContain(`table/${name}/stream/`);
    expect([version, namespace]).toEqual([expect.anything(), expect.anything()]);
    expect(await prepareTable(client, testTemplate(), name)).toBe(stream);
    expect((await registered())[1]).toEqual(namespace);
    expect(await store.get(namespaceKey('mine'))).toBeDefined();
  });

  test('is not made when DynamoDB refuses', async () => {
    const refusing = new DynamoDBClient({ endpoint: 'http://127.0.0.1:1', maxAttempts: 1 });
    await expect(prepareTable(refusing, testTemplate(), 'local')).rejects.toThrow('ECONNREFUSED');
  });
});

test('the aggregator runs as the template says', async () => {
  expect(deliveryOf(testTemplate())).toEqual({ batchSize: 1000, retryAttempts: 3 });
  const environment = aggregatorEnvironment(testTemplate(), 'shop');
  expect(environment).toMatchObject({ TABLE_NAME: 'shop', SNAPSHOT_WINDOWS: 'hourly,daily' });

  Object.assign(process.env, environment);
  expect(await loadAggregator()([])).toEqual([]);
});

test('the server runs until it is stopped, and not where the port is taken', async () => {
  const machine = await newMachine();
  const [java, port, env] = [await findJava(process.env), await freePort(), { ...process.env, ...machine.env }];
  const server = await DynamoDbLocal.start({ java, port, data: join(folder, 'data'), env });
  expect(await accepts(port)).toBe(true);
  await expect(DynamoDbLocal.start({ java, port, data: null, env })).rejects.toThrow(`another program listens on port ${port}`);

  await server.stop();
  expect(await accepts(port)).toBe(false);
  await server.stop();
  await expect(DynamoDbLocal.start({ java: '/nowhere/java', port, data: null, env })).rejects.toThrow('DynamoDB Local ended as soon as it was started');
  await machine.cleanUp();
});

describe('the socket', () => {
  test('is one process at a time, which can be told to stop', async () => {
    const path = join(folder, 's');
    expect([await answers(path), await stop(path, 1000)]).toEqual([false, true]);
    const server = await listen(path, () => server.close());
    expect(await answers(path)).toBe(true);
    await expect(listen(path, () => {})).rejects.toThrow('it is being started by another command');
    await new Promise((resolve) => server.close(resolve));
    expect(await answers(path)).toBe(false);
  });

  test('is that of one process when two begin at once', async () => {
    const path = join(folder, 's');
    const outcomes = await Promise.allSettled([listen(path, () => {}), listen(path, () => {})]);
    const servers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));

    expect([servers.length, await answers(path)]).toEqual([1, true]);
    servers.forEach((server) => server.close());
  });

  test('of a process that died is taken over', async () => {
    const path = join(folder, 's');
    const dead = await listen(join(folder, 'other'), () => {});
    renameSync(join(folder, 'other'), path); // so that closing does not remove it
    await new Promise((resolve) => dead.close(resolve));
    expect([existsSync(path), await answers(path)]).toEqual([true, false]);

    const server = await listen(path, () => {});
    expect(await answers(path)).toBe(true);
    server.close();
  });

  test('cannot be where no folder is', async () => {
    await expect(listen(join(folder, 'no', 's'), () => {})).rejects.toThrow(/ENOENT|EACCES/);
  });

  test('says when a process does not stop in time', async () => {
    const path = join(folder, 's');
    const server = await listen(path, () => {});
    expect(await stop(path, 20)).toBe(false);
    server.close();
  });
});

describe('a group of processes', () => {
  const leader = (): ReturnType<typeof spawn> => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });

  test('is ended, also when it has ended already', async () => {
    const child = leader();
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    killGroup(child.pid!);
    expect(await ended).toBe('SIGKILL');
    expect(() => killGroup(child.pid!)).not.toThrow();
  });

  test('of others is not ended, and that is an error', () => {
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => { throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' }); });
    expect(() => killGroup(12_345)).toThrow('EPERM');
    kill.mockRestore();
  });
});
