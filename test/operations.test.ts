import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Limit, listDeployed, RateLimiter, SCHEMA_VERSION } from '@zae-limiter/client';
import { OperatorAdmin } from '@zae-limiter/client/admin';
import { Registry } from '@zae-limiter/client/admin/registry';
import { systemClock } from '@zae-limiter/client/core/clock';
import operations from '../spec/operations.json';
import { recordCalls, type Call } from './support/calls';
import { connectTestTable, PATIENCE_MS, type TestTable } from './support/table';

async function record(client: DynamoDBClient, namespaceIds: readonly string[], work: () => Promise<unknown>): Promise<string[]> {
  return (await recordCalls(client, namespaceIds, work)).map(shown);
}

const shown = ({ action, leadingKeys, resource }: Call): string => `${action} ${[...leadingKeys].sort().join(' ')} on ${resource}`;

const limits = [Limit.perMinute('rpm', 10)];
const request = { entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } };

const open = ({ client, name, namespace }: TestTable): Promise<RateLimiter> => RateLimiter.open({
  client, stack: name, namespace, timeoutMs: PATIENCE_MS,
});

type Access = keyof (typeof operations)[number]['allowed'];

const listed = (access: Access): string[] => operations.filter(({ allowed }) => allowed[access]).map(shown);

/** What the same access is called when it is limited to a namespace. */
const IN_ONE_NAMESPACE: Partial<Record<Access, Access>> = {
  acquireOnly: 'namespaceAcquire', fullAccess: 'namespaceFullAccess', readOnly: 'namespaceReadOnly',
};
/** What needs to see other namespaces or the table itself, or lists by the fourth index, whose keys no policy can tell apart from others' ids. */
const BEYOND_ONE_NAMESPACE = ['lists namespaces', 'asks for the status of the table', 'reads entities', 'looks at buckets'];

const SCOPES = [{}, { resource: 'gpt-4' }, { entity: 'user-1' }, { entity: 'user-1', resource: 'gpt-4' }];

async function storeLimits({ admin }: RateLimiter): Promise<void> {
  for (const scope of SCOPES) await admin.limits.set(limits, scope);
}

test.each<[string, Access, (limiter: RateLimiter, table: TestTable) => Promise<unknown>]>([
  ['acquires and settles', 'acquireOnly', async (limiter) => {
    const lease = await limiter.acquire(request);
    lease.set({ rpm: 3 });
    await lease.commit();
    await (await limiter.acquire(request)).rollback();
  }],
  ['is refused', 'acquireOnly', (limiter) => limiter.tryAcquire({ ...request, consume: { rpm: 11 } })],
  ['brings limits of its own', 'acquireOnly', (limiter) => limiter.acquire({ ...request, limits })],
  ['asks what is available', 'readOnly', (limiter) => limiter.available('user-1', 'gpt-4')],
  ['reads usage', 'readOnly', (limiter) => limiter.admin.usage.list({ entity: 'user-1' })[Symbol.asyncIterator]().next()],
  ['reads limits', 'readOnly', ({ admin }) => Promise.all(SCOPES.map((scope) => admin.limits.get(scope)))],
  ['reads entities', 'readOnly', async ({ admin }) => {
    await admin.entities.get('user-1');
    await admin.entities.list().toArray();
    await admin.entities.children('org-1').toArray();
  }],
  ['lists limits', 'readOnly', async ({ admin: { limits: stored } }) => {
    for (const list of [stored.resources(), stored.entityResources(), stored.entities('gpt-4')]) await list.toArray();
  }],
  ['reads audit events', 'readOnly', async ({ admin: { audit } }) => {
    for (const filter of [{ system: true }, { resource: 'gpt-4' }, { entity: 'user-1' }] as const) await audit.list(filter).toArray();
  }],
  ['looks at buckets', 'readOnly', async (limiter) => {
    await limiter.admin.buckets.show('user-1');
    await limiter.admin.buckets.capacity({ resource: 'gpt-4', limit: 'rpm', parentsOnly: true });
  }],
  ['sums up usage', 'readOnly', ({ admin }) => admin.usage.summary({ resource: 'gpt-4', window: 'hourly' })],
  ['lists namespaces', 'readOnly', async ({ admin: { namespaces } }) => {
    for (const list of [namespaces.list(), namespaces.orphans(), namespaces.purged()]) await list.page({ limit: 2 });
  }],
  ['asks for the status of the table', 'readOnly', ({ admin }) => admin.status()],
  ['changes entities', 'fullAccess', async (limiter, table) => {
    await limiter.admin.entities.create({ id: 'user-1', parentId: 'org-1' });
    await limiter.acquire(request);
    await limiter.admin.entities.update('user-1', { cascade: true });
    await limiter.admin.entities.delete('user-1');
    await new OperatorAdmin({ store: table.store, namespaceId: table.namespaceId }).erase('user-1');
  }],
  ['corrects buckets', 'fullAccess', async (limiter) => {
    const { buckets } = limiter.admin;
    await buckets.block('user-1', 'gpt-4', { forMs: 1000 });
    await buckets.unblock('user-1', 'gpt-4');
    await buckets.reset('user-1', 'gpt-4');
    await buckets.resetShards('user-1', 'gpt-4');
  }],
  ['stores limits', 'fullAccess', storeLimits],
  ['deletes limits', 'fullAccess', async ({ admin }) => { for (const scope of SCOPES) await admin.limits.delete(scope); }],
])('whoever %s makes only calls that %s allows, and in one namespace those that the access to one allows', async (what, access, work) => {
  const table = await connectTestTable();
  await storeLimits(await open(table));

  const calls = await record(table.client, [table.namespaceId], async () => work(await open(table), table));

  expect(calls.length).toBeGreaterThan(2); // opening alone makes two
  expect(calls.filter((call) => !listed(access).includes(call))).toEqual([]);
  const refused = calls.filter((call) => !listed(IN_ONE_NAMESPACE[access]!).includes(call));
  if (BEYOND_ONE_NAMESPACE.includes(what)) expect(refused).not.toEqual([]);
  else expect(refused).toEqual([]);
  table.client.destroy();
});

test('whoever removes a namespace makes only calls that fullAccess allows', async () => {
  const { client, store: target, namespace, namespaceId } = await connectTestTable();
  const { admin } = new RateLimiter({ store: target, namespaceId });
  await admin.limits.set(limits);

  const calls = await record(client, [namespaceId], async () => {
    await admin.namespaces.delete(namespace);
    await admin.namespaces.recover(namespaceId);
    await admin.namespaces.delete(namespace);
    await admin.namespaces.purge(namespaceId);
  });

  expect(calls).toContain('dynamodb:Query {ns} on GSI4');
  expect(calls.filter((call) => !listed('fullAccess').includes(call))).toEqual([]);
  client.destroy();
});

test('whoever lists limiters needs a call that no policy allows', async () => {
  const { client } = await connectTestTable();

  const calls = await record(client, [], () => listDeployed({ client }));

  expect(calls).toContain('dynamodb:ListTables  on *');
  expect(operations.filter(({ action }) => action === 'dynamodb:ListTables')).toMatchObject([{ allowed: { acquireOnly: false, fullAccess: false, readOnly: false } }]);
  client.destroy();
});

test('whoever prepares a table makes only calls that fullAccess allows', async () => {
  const { client, store: target, namespace } = await connectTestTable();
  const registry = new Registry(target, systemClock);
  const ids: string[] = [];

  const calls = await record(client, ids, async () => {
    await registry.recordVersion(SCHEMA_VERSION, 'test');
    ids.push(await registry.registerNamespace(`${namespace}-2`));
    await registry.setAuditRetention(ids[0]!, 30);
  });

  expect(calls).toContain('dynamodb:PutItem _/SYSTEM# on table');
  expect(calls.filter((call) => !listed('fullAccess').includes(call))).toEqual([]);
  client.destroy();
});
