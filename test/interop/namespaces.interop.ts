import { randomUUID } from 'node:crypto';
import { NamespaceNotFoundError, RateLimiter } from '@zae-limiter/client';
import { Registry } from '@zae-limiter/client/admin/registry';
import { systemClock } from '@zae-limiter/client/core/clock';
import { versionKey } from '@zae-limiter/client/schema/namespace-item';
import { connectTestTable, type TestTable } from '../support/table';
import { Python, releases } from './support/python';

describe.each(releases)('a table that is shared with Python %s', (release) => {
  let table: TestTable;
  let python: Python;
  beforeAll(async () => {
    table = await connectTestTable();
    python = Python.start(release);
  });
  afterAll(async () => {
    await python.stop();
    table.client.destroy();
  });

  const open = (namespace: string) => RateLimiter.open({ stack: table.name, namespace, client: table.client });
  const record = async () => table.store.get(versionKey, { consistent: true });

  test('is used with the release that the test is named after', async () => {
    expect(await python.version()).toBe(release);
  });

  test('is opened by Python on a namespace that ours registered', async () => {
    expect(await python.connect(table.namespace)).toBe(table.namespaceId);
  });

  test('is opened by ours on a namespace that Python registered, which is the same to both', async () => {
    const namespace = `python-${randomUUID()}`;
    const id = await python.connect(namespace, { create: true });

    await expect(open(namespace)).resolves.toBeInstanceOf(RateLimiter);
    expect(await new Registry(table.store, systemClock).registerNamespace(namespace)).toBe(id);
  });

  test('is opened by neither on a namespace that nobody registered', async () => {
    const namespace = `nobody-${randomUUID()}`;

    await expect(python.connect(namespace)).rejects.toMatchObject({ name: 'NamespaceNotFoundError' });
    await expect(open(namespace)).rejects.toBeInstanceOf(NamespaceNotFoundError);
  });

  test('W49: has a version record with which Python leaves the functions alone, and which it leaves as it is', async () => {
    const before = await record();

    await python.connect(table.namespace, { create: true }); // the call that may update functions

    expect(before).toMatchObject({ schema_version: { S: '0.10.0' }, lambda_version: { NULL: true } });
    expect(await record()).toEqual(before);
  });
});
