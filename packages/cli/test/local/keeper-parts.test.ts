import { mkdtempSync, rmSync } from 'node:fs';
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

  test('says when a process does not stop in time', async () => {
    const path = join(folder, 's');
    const server = await listen(path, () => {});
    expect(await stop(path, 20)).toBe(false);
    server.close();
  });
});
