import { Admin, Limit, RateLimiter, type LimitScope, type Store } from '@zae-limiter/client';
import { Registry } from '@zae-limiter/client/admin/registry';
import { configKey, parseLimits } from '@zae-limiter/client/schema/config-item';
import type { ItemWrite } from '@zae-limiter/client/schema/update';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { newAdmin, put } from '../support/admin';
import { putItem } from '../support/bucket';

let table: TestTable;
let names = 0;

beforeAll(async () => { table = await connectTestTable(); });

const rpm = Limit.perMinute('rpm', 100);
const tpm = Limit.custom('tpm', { capacity: 15_000, refillAmount: 10_000, refillPeriodSeconds: 60 });

const setUp = (store: Store = table.store) => {
  const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId: table.namespaceId });
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
    expect(await stored({})).toEqual({
      PK: expect.anything(), SK: expect.anything(), GSI4PK: expect.anything(), GSI4SK: expect.anything(), audit_retention_days: { N: '30' },
    });
  });

  test('leave nothing behind when there is nothing else', async () => {
    const { admin: { limits }, namespaceId } = newAdmin(table);
    await limits.set([rpm], {}, { onUnavailable: 'block' });

    await limits.delete();

    expect(await table.store.get(configKey(namespaceId, {}), { consistent: true })).toBeUndefined();
  });

  test('F-18: stay as an item when the audit retention is set while they are deleted', async () => {
    const { admin: { limits }, namespaceId, clock } = newAdmin(table);
    await limits.set([rpm]);
    let overtaken = false;
    const store: Store = Object.assign(Object.create(table.store) as Store, {
      transact: async (writes: readonly ItemWrite[]) => {
        if (!overtaken) await new Registry(table.store, clock).setAuditRetention(namespaceId, 30);
        overtaken = true;
        return table.store.transact(writes);
      },
    });

    await new RateLimiter({ store, namespaceId, timeoutMs: PATIENCE_MS }).admin.limits.delete();

    const item = await table.store.get(configKey(namespaceId, {}), { consistent: true });
    expect(item).toMatchObject({ audit_retention_days: { N: '30' } });
    expect(parseLimits(item!)).toEqual([]);
  });

  test('may be a policy alone, and lose it', async () => {
    const { admin: { limits, audit } } = newAdmin(table);
    await limits.set([rpm], {}, { onUnavailable: 'block' });

    await limits.set([], {}, { onUnavailable: 'allow' });
    expect(await limits.get()).toEqual({ limits: [], onUnavailable: 'allow' });

    await limits.set([tpm], {}, { onUnavailable: null });
    expect(await limits.get()).toEqual({ limits: [tpm], onUnavailable: undefined });

    const events = await audit.list({ system: true }).toArray();
    expect(events.map(({ details }) => details.on_unavailable).sort()).toEqual(['allow', 'block', null]);
    await expect(limits.set([], {}, { onUnavailable: null })).rejects.toMatchObject({ field: 'limits', reason: 'empty' });
  });
});

describe('limits that are merged', () => {
  test('join those of the scope and replace those of the same name', async () => {
    const { admin, unique: resource } = setUp();
    await admin.set([rpm, tpm], { resource });

    await admin.merge([Limit.perMinute('rpm', 7), Limit.perDay('rpd', 5)], { resource });

    expect((await admin.get({ resource })).limits).toEqual([Limit.perDay('rpd', 5), Limit.perMinute('rpm', 7), tpm]);
  });

  test('begin a scope that has none', async () => {
    const { admin, unique: entity } = setUp();

    await admin.merge([rpm], { entity });

    expect((await admin.get({ entity })).limits).toEqual([rpm]);
  });

  test('may be none, to change the policy for outages alone', async () => {
    const { limits } = newAdmin(table).admin;
    await limits.set([rpm]);

    await limits.merge([], {}, { onUnavailable: 'allow' });

    expect(await limits.get()).toEqual({ limits: [rpm], onUnavailable: 'allow' });
    await expect(limits.merge([])).rejects.toMatchObject({ field: 'limits', reason: 'empty' });
  });
});

describe('the bucket of an entity on one resource', () => {
  const show = async ({ buckets }: Admin) => (await buckets.show('user-1', 'gpt-4'))[0]!;
  const scope = { entity: 'user-1', resource: 'gpt-4' };

  /** A bucket of two shards that lives by the limits of the namespace. */
  async function liveBucket() {
    const found = newAdmin(table);
    await found.admin.limits.set([rpm]);
    await found.limiter.acquire({ ...scope, consume: { rpm: 60 } });
    const first = (await table.store.get({ pk: `${found.namespaceId}/BUCKET#user-1#gpt-4#0`, sk: '#STATE' }))!;
    for (const shard of [0, 1]) {
      await put(table.store, { ...first, PK: { S: `${found.namespaceId}/BUCKET#user-1#gpt-4#${shard}` }, GSI3SK: { S: `BUCKET#gpt-4#${shard}` }, shard_count: { N: '2' } });
    }
    return found;
  }

  test('W15: follows at once, on every shard, and stays for ever', async () => {
    const { admin } = await liveBucket();

    await admin.limits.set([Limit.perMinute('rpm', 200), tpm], scope);

    const { shards } = await show(admin);
    expect(shards.map(({ expiresAt }) => expiresAt)).toEqual([undefined, undefined]);
    expect(shards.map(({ limits }) => [...limits].sort((a, b) => (a.name < b.name ? -1 : 1)))).toMatchObject(Array(2).fill([
      { name: 'rpm', tokens: 40, capacity: 100 }, { name: 'tpm', tokens: 7500, capacity: 7500, totalConsumed: 0 },
    ]));
  });

  test('falls back to the next level when they are removed: others go, and it may expire', async () => {
    const { admin } = await liveBucket();
    await admin.limits.set([Limit.perMinute('rpm', 200), tpm], scope);

    await admin.limits.delete(scope);

    const { limits, shards } = await show(admin);
    expect(limits).toMatchObject([{ name: 'rpm', capacity: 100, tokens: 80 }]);
    expect(shards.map(({ expiresAt }) => expiresAt)).toEqual(Array(2).fill(new Date('2100-01-01T00:07:00Z')));
  });

  test('may expire when no level has limits any more', async () => {
    const { admin } = await liveBucket();
    await admin.limits.set([tpm], scope);
    await admin.limits.delete();

    await admin.limits.delete(scope);

    expect(await show(admin)).toMatchObject({ limits: [{ name: 'tpm' }], shards: [{ expiresAt: expect.any(Date) }, { expiresAt: expect.any(Date) }] });
  });

  test('stays as it is when nobody can read the limits that were removed', async () => {
    const { admin, namespaceId } = await liveBucket();
    await admin.limits.delete();
    await put(table.store, { PK: { S: `${namespaceId}/ENTITY#user-1` }, SK: { S: '#CONFIG#gpt-4' }, l_rpm_cp: { N: '1.5' } });

    await admin.limits.delete(scope);

    expect(await show(admin)).toMatchObject({ limits: [{ name: 'rpm', capacity: 100 }] });
  });

  test('that is damaged is left to the next request', async () => {
    const { admin, namespaceId } = newAdmin(table);
    await put(table.store, { PK: { S: `${namespaceId}/BUCKET#user-1#gpt-4#0` }, SK: { S: '#STATE' }, b_rpm_tk: { N: '5' } });

    await admin.limits.set([rpm], scope);

    expect(await show(admin)).toMatchObject({ limits: [{ capacity: 0 }] });
  });

  test('W3: that changes while it is corrected is read again', async () => {
    const { admin, namespaceId, limiter } = newAdmin(table);
    await admin.limits.set([rpm]);
    await limiter.acquire({ ...scope, consume: { rpm: 1 } });
    let races = 0;
    const racing: Store = Object.assign(Object.create(table.store) as Store, {
      update: async (update: Parameters<Store['update']>[0]) => {
        if (races++ === 0) await newAdminOf(namespaceId).limits.set([tpm, rpm], scope);
        return table.store.update(update);
      },
    });

    await new Admin({ store: racing, namespaceId }).limits.set([tpm], scope);

    expect((await show(admin)).limits.map(({ name }) => name)).toEqual(['tpm']);
  });

  test('is given up when others change it again and again', async () => {
    const { namespaceId } = await liveBucket();
    const losing: Store = Object.assign(Object.create(table.store) as Store, {
      update: async () => ({ applied: false, item: await table.store.get({ pk: `${namespaceId}/BUCKET#user-1#gpt-4#0`, sk: '#STATE' }) }),
    });

    await expect(new Admin({ store: losing, namespaceId }).limits.set([tpm], scope)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  const newAdminOf = (namespaceId: string) => new Admin({ store: table.store, namespaceId });
});

describe('lists of what has limits', () => {
  test('hold resources, resources of entities, and entities of a resource', async () => {
    const { limits } = newAdmin(table).admin;
    for (const resource of ['gpt-5', 'gpt-4']) await limits.set([rpm], { resource });
    for (const entity of ['user-2', 'user-1']) await limits.set([rpm], { entity, resource: 'gpt-4' });
    await limits.set([rpm], { entity: 'user-3' });

    expect(await limits.resources().toArray()).toEqual(['gpt-4', 'gpt-5']);
    expect(await limits.entityResources().toArray()).toEqual(['_default_', 'gpt-4']);
    expect(await limits.entities('gpt-4').toArray()).toEqual(['user-1', 'user-2']);
    expect(await limits.entities().toArray()).toEqual(['user-3']);
    expect(await limits.entities('gpt-5').toArray()).toEqual([]);
    expect(await limits.resources().page({ limit: 1 })).toMatchObject({ items: ['gpt-4'], cursor: expect.any(String) });
    expect(() => limits.entities('a#b')).toThrow('resource');
  });

  test('are empty in a new namespace', async () => {
    const { limits } = newAdmin(table).admin;

    expect([await limits.resources().toArray(), await limits.entityResources().toArray()]).toEqual([[], []]);
  });

  test('W42: lose a resource whose last counter reached 0', async () => {
    const { admin, namespaceId } = newAdmin(table);
    await admin.limits.set([rpm], { entity: 'user-1', resource: 'gpt-4' });
    await admin.limits.set([rpm], { entity: 'user-1', resource: 'gpt-5' });

    await admin.limits.delete({ entity: 'user-1', resource: 'gpt-4' });

    expect(await table.store.get({ pk: `${namespaceId}/SYSTEM#`, sk: '#ENTITY_CONFIG_RESOURCES' })).toEqual({
      'PK': { S: `${namespaceId}/SYSTEM#` }, 'SK': { S: '#ENTITY_CONFIG_RESOURCES' }, 'GSI4PK': { S: namespaceId }, 'GSI4SK': { S: `${namespaceId}/SYSTEM#` },
      'gpt-5': { N: '1' },
    });
  });

  test('W38: count the limits of a provisioner when they are changed, and not when they are removed', async () => {
    const { admin, namespaceId } = newAdmin(table);
    for (const resource of ['gpt-4', 'gpt-5']) {
      await put(table.store, {
        PK: { S: `${namespaceId}/ENTITY#user-1` }, SK: { S: `#CONFIG#${resource}` }, GSI4PK: { S: namespaceId },
        l_rpm_cp: { N: '1' }, l_rpm_ra: { N: '1' }, l_rpm_rp: { N: '60' },
      });
    }

    await admin.limits.set([rpm], { entity: 'user-1', resource: 'gpt-4' });
    await admin.limits.delete({ entity: 'user-1', resource: 'gpt-5' });

    expect(await admin.limits.entityResources().toArray()).toEqual(['gpt-4']);
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
    ['to remove a policy of one resource', [rpm], { resource: 'api' }, { onUnavailable: null }, { field: 'onUnavailable' }],
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
