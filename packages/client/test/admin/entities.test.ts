import { Admin, EntityExistsError, EntityNotFoundError, Limit, MemoryStore, RateLimiter, type Store } from '@zae-limiter/client';
import { int, text } from '@zae-limiter/client/schema/attributes';
import { configKey } from '@zae-limiter/client/schema/config-item';
import { usageIdentity, usageKey, usageOrigin } from '@zae-limiter/client/schema/usage-item';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { dyingStore, keysOf, newAdmin, put, shown } from '../support/admin';

let table: TestTable;

beforeAll(async () => { table = await connectTestTable(); });
afterAll(() => table.client.destroy());

const limits = [Limit.perMinute('rpm', 100)];

describe('a new entity', () => {
  test('is stored with an audit event, and found again', async () => {
    const { admin } = newAdmin(table);

    const created = await admin.entities.create({ id: 'user-1', name: 'Ada', parentId: 'org-1', cascade: true, metadata: { plan: 'pro' } }, { principal: 'ops' });

    const entity = { id: 'user-1', name: 'Ada', parentId: 'org-1', cascade: true, metadata: { plan: 'pro' }, createdAt: '2100-01-01T00:00:00Z' };
    expect(created).toEqual(entity);
    expect(await admin.entities.get('user-1')).toEqual(entity);
    expect(shown(await admin.audit.list({ entity: 'user-1' }).toArray())).toEqual([{
      action: 'entity_created', entity: 'user-1', principal: 'ops', resource: undefined,
      details: { name: 'Ada', parent_id: 'org-1', cascade: true, metadata: { plan: 'pro' } },
    }]);
  });

  test('has its id for a name, no parent and no metadata when nothing is said', async () => {
    const { admin } = newAdmin(table);

    expect(await admin.entities.create({ id: 'user-1', name: '' })).toMatchObject({ name: 'user-1', parentId: undefined, cascade: false, metadata: {} });
    expect(await admin.entities.get('user-2')).toBeUndefined();
  });

  test('is refused when there is one, which stays as it is', async () => {
    const { admin } = newAdmin(table);
    await admin.entities.create({ id: 'user-1', name: 'Ada' });

    await expect(admin.entities.create({ id: 'user-1', name: 'Bob' })).rejects.toThrow(EntityExistsError);

    expect((await admin.entities.get('user-1'))!.name).toBe('Ada');
    expect(await admin.audit.list({ entity: 'user-1' }).toArray()).toHaveLength(1);
  });

  test('W34: gives its place in the hierarchy to buckets that it has already, on every shard', async () => {
    const { admin, limiter, namespaceId } = newAdmin(table);
    for (const resource of ['gpt-4', 'gpt-5']) await limiter.acquire({ entity: 'user-1', resource, consume: { rpm: 1 }, limits });
    const shard = (await table.store.get({ pk: `${namespaceId}/BUCKET#user-1#gpt-4#0`, sk: '#STATE' }))!;
    await put(table.store, { ...shard, PK: text(`${namespaceId}/BUCKET#user-1#gpt-4#1`), GSI3SK: text('BUCKET#gpt-4#1') });

    await admin.entities.create({ id: 'user-1', parentId: 'org-1', cascade: true });

    const buckets = await table.store.getMany(['gpt-4#0', 'gpt-4#1', 'gpt-5#0'].map((end) => ({ pk: `${namespaceId}/BUCKET#user-1#${end}`, sk: '#STATE' })));
    expect(buckets).toEqual(Array(3).fill(expect.objectContaining({ cascade: { BOOL: true }, parent_id: text('org-1') })));
  });

  test('is known to its own process at once', async () => {
    const { admin, limiter } = newAdmin(table);
    await limiter.acquire({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 }, limits }); // the process learns that there is no record
    await admin.entities.create({ id: 'user-1', parentId: 'org-1' });

    await limiter.acquire({ entity: 'user-1', resource: 'gpt-5', consume: { rpm: 1 }, limits });

    expect(await admin.buckets.show('user-1', 'gpt-5')).toMatchObject([{ parentId: 'org-1' }]);
  });

  test.each([
    ['a bad id', { id: 'a#b' }, { code: 'INVALID_IDENTIFIER', field: 'id' }],
    ['a bad parent', { id: 'a', parentId: '' }, { code: 'INVALID_IDENTIFIER', field: 'parentId' }],
    ['itself as its parent', { id: 'a', parentId: 'a' }, { field: 'parentId', reason: 'duplicate' }],
    ['a number that is none', { id: 'a', metadata: { deep: { list: [1, NaN] } } }, { field: 'metadata.deep.list.1', reason: 'type' }],
    ['metadata that is left out', { id: 'a', metadata: { x: undefined as never } }, { field: 'metadata.x' }],
  ])('rejects %s and writes nothing', async (_, entity, error) => {
    const { admin } = newAdmin(table);
    table.meter.take();

    await expect(admin.entities.create(entity)).rejects.toMatchObject(error);
    expect(table.meter.take().calls).toBe(0);
  });

  test('rejects a bad principal', async () => {
    const { admin } = newAdmin(table);

    await expect(admin.entities.create({ id: 'a' }, { principal: 'a#b' })).rejects.toMatchObject({ field: 'principal' });
    expect(() => new Admin({ store: table.store, namespaceId: 'x', principal: 'a b' })).toThrow('principal');
  });
});

describe('a change of an entity', () => {
  test('keeps what is not named, and is audited', async () => {
    const { admin } = newAdmin(table);
    await admin.entities.create({ id: 'user-1', name: 'Ada', parentId: 'org-1', metadata: { a: 1 } });

    const updated = await admin.entities.update('user-1', { metadata: { b: 2 } });

    expect(updated).toMatchObject({ name: 'Ada', parentId: 'org-1', cascade: false, metadata: { b: 2 } });
    expect(shown(await admin.audit.list({ entity: 'user-1' }).toArray()).map((event) => event)).toContainEqual(
      { action: 'entity_updated', entity: 'user-1', principal: undefined, resource: undefined, details: { metadata: { b: 2 } } });
  });

  test('W34: of the hierarchy reaches buckets and the lists of children', async () => {
    const { admin, limiter } = newAdmin(table);
    await admin.entities.create({ id: 'user-1', parentId: 'org-1' });
    await limiter.acquire({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 }, limits });

    await admin.entities.update('user-1', { parentId: 'org-2', cascade: true, name: '' });
    const moved = await admin.buckets.show('user-1', 'gpt-4');
    await admin.entities.update('user-1', { parentId: null });

    expect(moved).toMatchObject([{ parentId: 'org-2', cascade: true }]);
    expect(await admin.buckets.show('user-1', 'gpt-4')).toMatchObject([{ parentId: undefined, cascade: true }]);
    expect(await admin.entities.get('user-1')).toMatchObject({ name: 'user-1', parentId: undefined });
    expect(await admin.entities.children('org-2').toArray()).toEqual([]);
  });

  test('is refused when there is no record', async () => {
    const { admin, namespaceId } = newAdmin(table);

    await expect(admin.entities.update('user-1', { name: 'x' })).rejects.toThrow(EntityNotFoundError);
    expect(await keysOf(table.store, namespaceId)).toEqual([]);
  });

  test('is refused when it changes nothing', async () => {
    await expect(newAdmin(table).admin.entities.update('user-1', {})).rejects.toMatchObject({ field: 'changes', reason: 'empty' });
  });
});

describe('lists of entities', () => {
  test('W35: hold every entity, whatever else it has, in pages', async () => {
    const { admin } = newAdmin(table);
    const ids = Array.from({ length: 12 }, (_, at) => `user-${String(at).padStart(2, '0')}`);
    for (const id of ids) {
      await admin.entities.create({ id, parentId: 'org-1' });
      await admin.limits.set(limits, { entity: id });
    }

    const first = await admin.entities.list().page({ limit: 5 });
    const second = await admin.entities.list().page({ limit: 5, cursor: first.cursor });

    expect((await admin.entities.list().toArray()).map(({ id }) => id)).toEqual(ids);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids.slice(0, 10));
    expect((await admin.entities.children('org-1').toArray()).map(({ id }) => id)).toEqual(ids);
    expect((await admin.entities.children('org-1').page({ limit: 5 })).items.map(({ id }) => id)).toEqual(ids.slice(0, 5));
  });

  test('leave out what was removed since the index was written', async () => {
    const { admin, namespaceId } = newAdmin(table);
    await admin.entities.create({ id: 'user-1' });
    const late: Store = Object.assign(Object.create(table.store) as Store, {
      getMany: async (keys: readonly unknown[]) => keys.map(() => undefined),
    });

    expect(await new Admin({ store: late, namespaceId }).entities.list().toArray()).toEqual([]);
    expect(await admin.entities.list().toArray()).toHaveLength(1);
  });
});

describe('the removal of an entity', () => {
  /** An entity with everything that it can have. */
  async function populate(store: Store, namespaceId: string): Promise<RateLimiter> {
    const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId });
    const { admin } = limiter;
    await admin.entities.create({ id: 'user-1' });
    for (const resource of ['gpt-4', 'gpt-5', undefined]) await admin.limits.set(limits, { entity: 'user-1', resource });
    await admin.limits.set(limits, { entity: 'user-2', resource: 'gpt-4' });
    await limiter.acquire({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } });
    await limiter.acquire({ entity: 'user-1', resource: 'gpt-6', consume: { rpm: 1 } });
    const shard = (await store.get({ pk: `${namespaceId}/BUCKET#user-1#gpt-4#0`, sk: '#STATE' }))!;
    await put(store, { ...shard, PK: text(`${namespaceId}/BUCKET#user-1#gpt-4#7`), GSI3SK: text('BUCKET#gpt-4#7'), GSI4SK: text('BUCKET#user-1#gpt-4#7') });
    // A damaged bucket has no index keys (W4); the usage names its resource.
    await put(store, { PK: text(`${namespaceId}/BUCKET#user-1#gpt-7#0`), SK: text('#STATE'), b_rpm_tk: int(5) });
    const key = usageKey(namespaceId, 'user-1', 'gpt-7', 'hourly', '2026-01-01T00:00:00Z');
    await put(store, {
      PK: text(key.pk), SK: text(key.sk), ...usageIdentity(namespaceId, 'user-1', 'gpt-7', '2026-01-01T00:00:00Z'),
      ...usageOrigin(namespaceId, 'user-1', 'gpt-7', 'hourly', '2026-01-01T00:00:00Z'),
    });
    return limiter;
  }

  const left = async (store: Store, namespaceId: string) => [
    ...(await keysOf(store, namespaceId)).filter((key) => key.includes('user-1') && !key.includes('/AUDIT#')),
    ...await keysOf(store, namespaceId, `${namespaceId}/BUCKET#user-1#gpt-7#0`),
  ];

  test('W35: takes everything along, and the counts of its limits', async () => {
    const { namespaceId } = newAdmin(table);
    const { admin } = await populate(table.store, namespaceId);

    const removed = await admin.entities.delete('user-1', { principal: 'ops' });

    expect(removed).toBe(9); // record, 3 limits, 3 buckets that are in the index and 1 that is not, 1 usage
    expect(await left(table.store, namespaceId)).toEqual([]);
    expect(await admin.limits.entityResources().toArray()).toEqual(['gpt-4']);
    expect(shown(await admin.audit.list({ entity: 'user-1' }).toArray())).toContainEqual(
      { action: 'entity_deleted', entity: 'user-1', principal: 'ops', resource: undefined, details: { records_deleted: 9 } });
  });

  test('W35: of nothing does nothing and says nothing', async () => {
    const { admin, namespaceId } = newAdmin(table);

    expect(await admin.entities.delete('user-1')).toBe(0);
    expect(await keysOf(table.store, namespaceId)).toEqual([]);
  });

  test('of an entity without a record takes its limits', async () => {
    const { admin } = newAdmin(table);
    await admin.limits.set(limits, { entity: 'user-1' });

    expect(await admin.entities.delete('user-1')).toBe(1);
    expect(await admin.limits.get({ entity: 'user-1' })).toMatchObject({ limits: [] });
  });

  test('forgets the limits in its own process', async () => {
    const { admin, limiter } = newAdmin(table);
    await admin.limits.set([Limit.perMinute('rpm', 7)], { resource: 'gpt-4' });
    await admin.limits.set(limits, { entity: 'user-1', resource: 'gpt-4' });
    await limiter.available('user-1', 'gpt-4');

    await admin.entities.delete('user-1');

    expect(await limiter.available('user-1', 'gpt-4')).toMatchObject([{ capacity: 7 }]);
  });

  test.each(Array.from({ length: 30 }, (_, calls) => calls))('W35: that died after %d calls is finished by another', async (calls) => {
    const store = new MemoryStore();
    await populate(store, 'ns1');

    const died = await new Admin({ store: dyingStore(store, calls), namespaceId: 'ns1' }).entities.delete('user-1').catch(() => 'died');
    const { entities, limits: stored, audit } = new Admin({ store, namespaceId: 'ns1' });
    await entities.delete('user-1');

    expect(await left(store, 'ns1')).toEqual([]);
    expect(await stored.entityResources().toArray()).toEqual(['gpt-4']);
    const events = (await audit.list({ entity: 'user-1' }).toArray()).filter(({ action }) => action === 'entity_deleted');
    expect(events).toHaveLength(1);
    expect(died === 'died' || died === 9).toBe(true);
  });

  test('gives up when somebody keeps writing', async () => {
    const { namespaceId } = newAdmin(table);
    await populate(table.store, namespaceId);
    const busy: Store = Object.assign(Object.create(table.store) as Store, { deleteMany: async () => undefined });

    await expect(new Admin({ store: busy, namespaceId }).entities.delete('user-1')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
  });

  test('keeps on when its limits changed meanwhile', async () => {
    const store = new MemoryStore();
    await populate(store, 'ns1');
    let races = 0;
    const racing: Store = Object.assign(Object.create(store) as Store, {
      transact: async (writes: Parameters<Store['transact']>[0]) => {
        if (races++ === 0) await store.deleteMany([configKey('ns1', { entity: 'user-1', resource: 'gpt-5' })]);
        return store.transact(writes);
      },
    });

    await new Admin({ store: racing, namespaceId: 'ns1' }).entities.delete('user-1');

    expect(await left(store, 'ns1')).toEqual([]);
  });
});
