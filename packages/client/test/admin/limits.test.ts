import { Limit, RateLimiter, type LimitScope, type Store } from '@zae-limiter/client';
import { configKey } from '@zae-limiter/client/schema/config-item';
import { connectTestTable, type TestTable } from '../../../../test/support/table';
import { putItem } from '../support/bucket';

let table: TestTable;
let names = 0;

beforeAll(async () => { table = await connectTestTable(); });

const rpm = Limit.perMinute('rpm', 100);
const tpm = Limit.custom('tpm', { capacity: 15_000, refillAmount: 10_000, refillPeriodSeconds: 60 });

const setUp = (store: Store = table.store) => {
  const limiter = new RateLimiter({ store, namespaceId: table.namespaceId });
  return { limiter, admin: limiter.admin.limits, unique: `name-${++names}` };
};

const stored = (scope: LimitScope) => table.store.get(configKey(table.namespaceId, scope), { consistent: true });
const registry = (sk: string) => table.store.get({ pk: `${table.namespaceId}/SYSTEM#`, sk }, { consistent: true });

const LIMIT_ATTRIBUTES = {
  l_rpm_cp: { N: '100' }, l_rpm_ra: { N: '100' }, l_rpm_rp: { N: '60' }, l_tpm_cp: { N: '15000' }, l_tpm_ra: { N: '10000' }, l_tpm_rp: { N: '60' },
};

describe('limits of an entity', () => {
  test('are stored as the Python library stores them, and counted in the registry', async () => {
    const { admin, unique: entity } = setUp();

    await admin.set([rpm, tpm], { entity, resource: 'gpt-4' });

    const ns = table.namespaceId;
    expect(await stored({ entity, resource: 'gpt-4' })).toEqual({
      PK: { S: `${ns}/ENTITY#${entity}` }, SK: { S: '#CONFIG#gpt-4' }, entity_id: { S: entity }, resource: { S: 'gpt-4' }, config_version: { N: '1' },
      GSI3PK: { S: `${ns}/ENTITY_CONFIG#gpt-4` }, GSI3SK: { S: entity }, GSI4PK: { S: ns }, GSI4SK: { S: `${ns}/ENTITY#${entity}` }, ...LIMIT_ATTRIBUTES, x_rev: { S: expect.any(String) },
    });
    expect(await registry('#ENTITY_CONFIG_RESOURCES')).toMatchObject({ 'gpt-4': { N: '1' }, 'GSI4PK': { S: ns }, 'GSI4SK': { S: `${ns}/SYSTEM#` } });
  });

  test('count once however often they are set, and no more when they are deleted', async () => {
    const { admin, unique: resource } = setUp();

    await admin.set([rpm], { entity: 'a', resource });
    await admin.set([tpm], { entity: 'a', resource });
    await admin.set([tpm], { entity: 'b', resource });
    expect(await registry('#ENTITY_CONFIG_RESOURCES')).toMatchObject({ [resource]: { N: '2' } });
    await admin.delete({ entity: 'a', resource });
    await admin.delete({ entity: 'a', resource });

    expect(await registry('#ENTITY_CONFIG_RESOURCES')).toMatchObject({ [resource]: { N: '1' } });
    expect(await stored({ entity: 'a', resource })).toBeUndefined();
  });

  test('for all resources have a key of their own', async () => {
    const { admin, unique: entity } = setUp();

    await admin.set([rpm], { entity });

    expect(await stored({ entity })).toMatchObject({ SK: { S: '#CONFIG#_default_' }, resource: { S: '_default_' } });
    expect(await admin.get({ entity })).toEqual({ limits: [rpm], onUnavailable: undefined });
  });
});

describe('limits of a resource', () => {
  test('are stored and registered, and leave the registry when they are deleted', async () => {
    const { admin, unique: resource } = setUp();

    await admin.set([rpm, tpm], { resource });
    const ns = table.namespaceId;
    expect(await stored({ resource })).toEqual({
      PK: { S: `${ns}/RESOURCE#${resource}` }, SK: { S: '#CONFIG' }, resource: { S: resource }, config_version: { N: '1' },
      GSI4PK: { S: ns }, GSI4SK: { S: `${ns}/RESOURCE#${resource}` }, ...LIMIT_ATTRIBUTES, x_rev: { S: expect.any(String) },
    });
    expect((await registry('#RESOURCES'))!.resources).toEqual({ SS: expect.arrayContaining([resource]) });
    await admin.delete({ resource });

    expect(await stored({ resource })).toBeUndefined();
    expect((await registry('#RESOURCES'))?.resources ?? { SS: [] }).not.toEqual({ SS: expect.arrayContaining([resource]) });
  });

  test('replace those that were there', async () => {
    const { admin, unique: resource } = setUp();

    await admin.set([rpm, tpm], { resource });
    await admin.set([tpm], { resource });

    expect((await admin.get({ resource })).limits).toEqual([tpm]);
  });
});

describe('limits of the namespace', () => {
  test('W37: touch nothing else that is stored with them', async () => {
    const { admin } = setUp();
    await putItem(table, configKey(table.namespaceId, {}), { audit_retention_days: { N: '30' } });

    await admin.set([rpm], {}, { onUnavailable: 'allow' });
    await admin.set([tpm]);
    expect(await admin.get()).toEqual({ limits: [tpm], onUnavailable: 'allow' });
    await admin.delete();
    await admin.delete();

    expect(await admin.get()).toEqual({ limits: [], onUnavailable: undefined });
    expect(await stored({})).toMatchObject({ audit_retention_days: { N: '30' } });
  });
});

describe('a change of limits', () => {
  test('W29: is seen by its own process at once', async () => {
    const { limiter, admin, unique: resource } = setUp();
    await admin.set([rpm], { resource });
    await limiter.available('u', resource);

    await admin.set([tpm], { resource });

    expect(await limiter.available('u', resource)).toMatchObject([{ name: 'tpm' }]);
  });

  test('is tried again when somebody else made another at the same time', async () => {
    const { unique: resource } = setUp();

    await Promise.all([rpm, tpm].map((limit) => setUp().admin.set([limit], { resource })));

    expect((await setUp().admin.get({ resource })).limits).toHaveLength(1);
  });

  test('is given up when others change the same limits again and again', async () => {
    const store: Store = Object.assign(Object.create(table.store) as Store, { transact: async () => false });

    await expect(setUp(store).admin.set([rpm], { resource: 'contended' })).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  test.each([
    ['no limits', [], {}, {}, { field: 'limits', reason: 'empty' }],
    ['a limit twice', [rpm, rpm], {}, {}, { field: 'limits', reason: 'duplicate' }],
    ['a bad entity', [rpm], { entity: 'a/b' }, {}, { code: 'INVALID_IDENTIFIER', field: 'entity' }],
    ['a bad resource', [rpm], { resource: '9' }, {}, { code: 'INVALID_IDENTIFIER', field: 'resource' }],
    ['W42: a limit named like an attribute of the usage records', [Limit.perMinute('ttl', 1)], {}, {}, { code: 'INVALID_NAME', reason: 'reserved' }],
    ['W42: a resource named like an attribute of the registry', [rpm], { resource: 'GSI4PK' }, {}, { code: 'INVALID_IDENTIFIER', reason: 'reserved' }],
    ['a policy for one resource', [rpm], { resource: 'api' }, { onUnavailable: 'allow' as const }, { field: 'onUnavailable' }],
    ['a policy that is unknown', [rpm], {}, { onUnavailable: 'maybe' as 'allow' }, { field: 'onUnavailable', value: 'maybe' }],
  ])('rejects %s and writes nothing', async (_, limits, scope, options, error) => {
    table.meter.take();

    await expect(setUp().admin.set(limits, scope, options)).rejects.toMatchObject(error);

    expect(table.meter.take().calls).toBe(0);
  });

  test('W43: reading and deleting check their input too', async () => {
    await expect(setUp().admin.get({ entity: 'a#b' })).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER' });
    await expect(setUp().admin.delete({ resource: 'a\n' })).rejects.toMatchObject({ code: 'INVALID_IDENTIFIER' });
  });
});
