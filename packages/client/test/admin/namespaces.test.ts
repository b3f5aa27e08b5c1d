import { randomBytes } from 'node:crypto';
import { Admin, Limit, MemoryStore, NamespacesAdmin, NamespaceStateError, RateLimiter, type Store } from '@zae-limiter/client';
import { text, type Item } from '@zae-limiter/client/schema/attributes';
import { namespaceIdKey, namespaceItems, namespaceKey } from '@zae-limiter/client/schema/namespace-item';
import { FakeClock } from '@zae-limiter/client/testing';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';
import { dyingStore, keysOf, put, shown } from '../support/admin';

let table: TestTable;

beforeAll(async () => { table = await connectTestTable(); });
afterAll(() => table.client.destroy());

const newName = (): string => `ns-${randomBytes(6).toString('hex')}`;
const setUp = (store: Store = table.store) =>
  ({ namespaces: new NamespacesAdmin({ store, clock: new FakeClock(), principal: 'ops' }), name: newName() });
const statusOf = async (store: Store, id: string) =>
  ((await store.get(namespaceIdKey(id), { consistent: true }))?.status as { S: string } | undefined)?.S;
const setStatus = (store: Store, id: string, status: string) =>
  store.update({ key: namespaceIdKey(id), changes: new Map([['status', { set: text(status) }]]), conditions: [] });
const actions = async (store: Store, id: string) =>
  (await new Admin({ store, namespaceId: id }).audit.list().toArray()).map(({ action }) => action).sort();

/** A namespace with one item of each kind, also those that no index shows (W38). */
async function populate(store: Store, id: string): Promise<void> {
  const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store, namespaceId: id });
  const { admin } = limiter;
  const limits = [Limit.perMinute('rpm', 100)];
  await admin.entities.create({ id: 'user-1', parentId: 'org-1' });
  for (const scope of [{}, { resource: 'gpt-4' }, { entity: 'user-1' }, { entity: 'user-1', resource: 'gpt-4' }]) await admin.limits.set(limits, scope);
  await limiter.acquire({ entity: 'user-2', resource: 'gpt-5', consume: { rpm: 1 } });
  const hidden = (pk: string, sk: string, more: Item = {}) => put(store, { PK: text(`${id}/${pk}`), SK: text(sk), GSI4PK: text(id), ...more });
  await hidden('SYSTEM#', '#PROVISIONER', { managed_resources: { L: [text('gpt-6'), { N: '1' }] }, managed_entities: { M: { 'user-3': { L: [text('gpt-4')] } } } });
  await hidden('RESOURCE#gpt-6', '#CONFIG');
  await hidden('RESOURCE#gpt-5', '#CONFIG');
  await hidden('RESOURCE#gpt-4', '#CONFIG2');
  await hidden('ENTITY#user-1', '#CONFIG#gpt-9');
  await hidden('ENTITY#user-2', '#CONFIG#gpt-5');
  await hidden('ENTITY#user-3', '#CONFIG#gpt-4');
}

const PARTITIONS = [
  'SYSTEM#', 'RESOURCE#gpt-4', 'RESOURCE#gpt-5', 'RESOURCE#gpt-6', 'ENTITY#user-1', 'ENTITY#user-2', 'ENTITY#user-3', 'BUCKET#user-2#gpt-5#0',
  'AUDIT#$SYSTEM', 'AUDIT#$RESOURCE:gpt-4', 'AUDIT#user-1',
];

/** What is left of a namespace, in the index and in every partition that `populate` wrote to. */
async function left(store: Store, id: string): Promise<string[]> {
  const partitions = await Promise.all(PARTITIONS.map((partition) => keysOf(store, id, `${id}/${partition}`)));
  return [...await keysOf(store, id), ...partitions.flat()];
}

describe('registering', () => {
  test('is audited, and finds what is registered', async () => {
    const { namespaces, name } = setUp();

    const id = await namespaces.register(name, { principal: 'arn:aws:iam::123456789012:role/admin' });

    expect(await namespaces.register(name)).toBe(id);
    expect(await namespaces.get(name)).toEqual({ id, name, status: 'active', createdAt: '2100-01-01T00:00:00Z', deletedAt: undefined });
    expect(shown(await new Admin({ store: table.store, namespaceId: id }).audit.list().toArray())).toEqual([{
      action: 'namespace_created', entity: '$SYSTEM', principal: 'arn:aws:iam::123456789012:role/admin', resource: undefined, details: { namespace_name: name },
    }]);
  });

  test('W43: checks names and principals', async () => {
    const { namespaces, name } = setUp();

    await expect(namespaces.get('')).rejects.toMatchObject({ field: 'namespace' });
    await expect(namespaces.delete('a#b')).rejects.toMatchObject({ field: 'namespace' });
    await expect(namespaces.register(name, { principal: 'a b' })).rejects.toMatchObject({ field: 'principal' });
    await expect(namespaces.purge('x', { principal: 'a b' })).rejects.toMatchObject({ field: 'principal' });
  });

  test('lists names in pages', async () => {
    const { namespaces } = setUp(new MemoryStore());
    for (const name of ['c', 'a', 'b']) await namespaces.register(name);

    const { items, cursor } = await namespaces.list().page({ limit: 2 });

    expect(items.map(({ name }) => name)).toEqual(['a', 'b']);
    expect((await namespaces.list().page({ cursor })).items.map(({ name }) => name)).toEqual(['c']);
  });
});

describe('deleting', () => {
  test('takes the name away and keeps everything in it', async () => {
    const { namespaces, name } = setUp();
    const id = await namespaces.register(name);
    await populate(table.store, id);
    const before = await left(table.store, id);

    expect(await namespaces.delete(name)).toBe(id);

    expect(await namespaces.get(name)).toBeUndefined();
    expect(await table.store.get(namespaceIdKey(id))).toMatchObject({ status: text('deleted'), deleted_at: text('2100-01-01T00:00:00Z') });
    expect((await left(table.store, id)).filter((key) => !key.includes('AUDIT'))).toEqual(before.filter((key) => !key.includes('AUDIT')));
    expect((await namespaces.orphans().toArray()).filter((orphan) => orphan.id === id)).toMatchObject([{ name, status: 'deleted' }]);
    expect(await actions(table.store, id)).toContain('namespace_deleted');
    await expect(RateLimiter.open({ client: table.client, stack: table.name, namespace: name })).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
  });

  test('does nothing where nothing is', async () => {
    const { namespaces, name } = setUp();

    expect(await namespaces.delete(name)).toBeUndefined();
  });

  test('is refused while the namespace is being purged, in whichever record it says so', async () => {
    const { namespaces, name } = setUp();
    const id = await namespaces.register(name);
    await setStatus(table.store, id, 'purging');

    await expect(namespaces.delete(name)).rejects.toThrow(new NamespaceStateError(name, 'purging', 'is being purged'));
    await table.store.update({ key: namespaceKey(name), changes: new Map([['status', { set: text('purging') }]]), conditions: [] });
    await expect(namespaces.delete(name)).rejects.toMatchObject({ code: 'NAMESPACE_STATE', state: 'purging' });
  });

  test('W36: makes good for a record by id that is lost', async () => {
    const { namespaces, name } = setUp();
    const id = await namespaces.register(name);
    await table.store.deleteMany([namespaceIdKey(id)]);

    await namespaces.delete(name);

    expect(await namespaces.recover(id)).toMatchObject({ id, name, status: 'active', createdAt: '2100-01-01T00:00:00Z' });
  });
});

describe('recovering', () => {
  test('brings everything back under the same id', async () => {
    const { namespaces, name } = setUp();
    const id = await namespaces.register(name);
    await namespaces.delete(name);

    const recovered = await namespaces.recover(id);

    expect(recovered).toEqual({ id, name, status: 'active', createdAt: '2100-01-01T00:00:00Z', deletedAt: undefined });
    expect(await namespaces.register(name)).toBe(id);
    expect(await table.store.get(namespaceIdKey(id))).not.toHaveProperty('deleted_at');
    expect(await actions(table.store, id)).toEqual(['namespace_created', 'namespace_deleted', 'namespace_recovered']);
  });

  test('is refused for what is active, being purged, unknown, or whose name is taken', async () => {
    const { namespaces, name } = setUp();
    const id = await namespaces.register(name);
    await expect(namespaces.recover(id)).rejects.toMatchObject({ code: 'NAMESPACE_STATE', state: 'active' });
    await expect(namespaces.recover('unknown')).rejects.toMatchObject({ code: 'NAMESPACE_NOT_FOUND' });
    await namespaces.delete(name);
    const other = await namespaces.register(name);
    await expect(namespaces.recover(id)).rejects.toMatchObject({ code: 'NAMESPACE_STATE', state: 'deleted', message: expect.stringContaining('registered anew') });
    await setStatus(table.store, id, 'purging');
    await expect(namespaces.recover(id)).rejects.toMatchObject({ code: 'NAMESPACE_STATE', state: 'purging' });

    expect(await namespaces.get(name)).toMatchObject({ id: other });
  });

  test('W36: makes whole what an older client left half deleted or half recovered', async () => {
    const { namespaces, name } = setUp();
    const id = await namespaces.register(name);
    await table.store.deleteMany([namespaceKey(name)]); // deleted to the half
    expect((await namespaces.orphans().toArray()).filter((orphan) => orphan.id === id)).toMatchObject([{ status: 'active' }]);
    await expect(namespaces.purge(id)).rejects.toMatchObject({ state: 'active' });

    await namespaces.recover(id);
    expect(await namespaces.get(name)).toMatchObject({ id });
    await setStatus(table.store, id, 'deleted'); // recovered to the half
    await expect(namespaces.purge(id)).rejects.toMatchObject({ state: 'active' });
    await namespaces.recover(id);

    expect(await statusOf(table.store, id)).toBe('active');
  });
});

describe('purging', () => {
  test('W38: removes everything, also what no index shows, and says how far it is', async () => {
    const { namespaces, name } = setUp();
    const id = await namespaces.register(name);
    await populate(table.store, id);
    await namespaces.delete(name);
    const progress: number[] = [];

    const removed = await namespaces.purge(id, { principal: 'janitor', onProgress: (so) => progress.push(so.removed) });

    expect(await left(table.store, id)).toEqual([]);
    expect(await table.store.get(namespaceIdKey(id))).toBeUndefined();
    expect(progress[0]).toBe(0);
    expect(removed).toBeGreaterThan(20);
    const { items } = await namespaces.purged().page({ limit: 1 });
    expect(shown(items)).toEqual([{
      action: 'namespace_purged', entity: '$SYSTEM', principal: 'janitor', resource: undefined,
      details: { namespace_id: id, namespace_name: name, records_deleted: removed },
    }]);
  });

  test('leaves every other namespace alone', async () => {
    const store = new MemoryStore();
    const { namespaces } = setUp(store);
    const [id, other] = [await namespaces.register('a'), await namespaces.register('b')];
    await populate(store, id);
    await populate(store, other);
    const before = await left(store, other);
    await namespaces.delete('a');

    await namespaces.purge(id);

    expect(await left(store, other)).toEqual(before);
    expect(await namespaces.purge(id)).toBe(0);
  });

  test('is refused while the namespace is active, or in a state that nobody knows', async () => {
    const { namespaces, name } = setUp();
    const id = await namespaces.register(name);

    await expect(namespaces.purge(id)).rejects.toMatchObject({ code: 'NAMESPACE_STATE', state: 'active', message: `namespace '${id}' is active; delete it first` });
    await namespaces.delete(name);
    await setStatus(table.store, id, 'frozen');
    await expect(namespaces.purge(id)).rejects.toMatchObject({ state: 'frozen' });
  });

  /** A store that lets something happen before one of its calls. */
  const before = (store: Store, method: 'update' | 'deleteMany' | 'transact', act: () => Promise<unknown>, once = true): Store => {
    let done = false;
    return Object.assign(Object.create(store) as Store, {
      [method]: async (argument: never) => {
        if (!done || !once) await act();
        done = true;
        return store[method](argument);
      },
    });
  };

  async function deletedNamespace(store = new MemoryStore()) {
    const { namespaces } = setUp(store);
    const id = await namespaces.register('a');
    await populate(store, id);
    await namespaces.delete('a');
    return { store, namespaces, id, count: (await left(store, id)).length };
  }

  test('W36: never deletes a namespace that was recovered meanwhile', async () => {
    const { store, namespaces, id, count } = await deletedNamespace();

    const purging = new NamespacesAdmin({ store: before(store, 'update', () => namespaces.recover(id)) }).purge(id);

    await expect(purging).rejects.toMatchObject({ code: 'NAMESPACE_STATE', state: 'active' });
    expect(await left(store, id)).toHaveLength(count + 2); // the event of the recovery, in the index and in its partition
    expect(await namespaces.get('a')).toMatchObject({ id });
  });

  test('W36: refuses a recovery from its first write on', async () => {
    const { store, namespaces, id } = await deletedNamespace();
    const outcomes: unknown[] = [];

    await new NamespacesAdmin({ store: before(store, 'deleteMany', async () => outcomes.push(await namespaces.recover(id).catch((error) => error.state))) }).purge(id);

    expect(outcomes).toEqual(['purging']);
    expect(await left(store, id)).toEqual([]);
  });

  test('W36: stops when an older client recovers the namespace without asking', async () => {
    const { store, id } = await deletedNamespace();
    let batches = 0;
    const python = async () => {
      if (++batches !== 3) return;
      await put(store, namespaceItems('a', id, '2026-01-01T00:00:00Z')[0]);
      await setStatus(store, id, 'active');
    };

    await expect(new NamespacesAdmin({ store: before(store, 'deleteMany', python, false) }).purge(id)).rejects.toMatchObject({ state: 'active' });
    expect(batches).toBe(3);
    expect((await left(store, id)).length).toBeGreaterThan(10);
  });

  test('two at once share the work', async () => {
    const { store, namespaces, id } = await deletedNamespace();

    await Promise.allSettled([namespaces.purge(id), namespaces.purge(id)]);
    await namespaces.purge(id);

    expect(await left(store, id)).toEqual([]);
    expect(await statusOf(store, id)).toBeUndefined();
  });

  test('finds nothing to do when another finished it between two of its calls', async () => {
    const { store, namespaces, id } = await deletedNamespace();

    expect(await new NamespacesAdmin({ store: before(store, 'update', () => namespaces.purge(id)) }).purge(id)).toBe(0);
  });

  test('gives up, to be called again, when somebody keeps writing', async () => {
    const { store, id } = await deletedNamespace();
    let written = 0;
    const write = () => put(store, { PK: text(`${id}/ENTITY#new-${++written}`), SK: text('#META'), GSI4PK: text(id), GSI4SK: text(`${id}/ENTITY#new`) });
    const busy = before(store, 'deleteMany', write, false);

    await expect(new NamespacesAdmin({ store: busy }).purge(id)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(await statusOf(store, id)).toBe('purging');
  });
});

describe('W36: a process that dies', () => {
  test.each(Array.from({ length: 6 }, (_, calls) => calls))('after %d calls of a deletion leaves the namespace whole, in one state or the other', async (calls) => {
    const store = new MemoryStore();
    const { namespaces } = setUp(store);
    const id = await namespaces.register('a');

    await new NamespacesAdmin({ store: dyingStore(store, calls) }).delete('a').catch(() => undefined);

    const [byName, byId] = [await namespaces.get('a'), await statusOf(store, id)];
    expect([byName?.status, byId]).toEqual(byName === undefined ? [undefined, 'deleted'] : ['active', 'active']);
    if (byName === undefined) await namespaces.recover(id);
    expect(await namespaces.register('a')).toBe(id);
  });

  test.each(Array.from({ length: 6 }, (_, calls) => calls))('after %d calls of a recovery leaves the namespace whole, in one state or the other', async (calls) => {
    const store = new MemoryStore();
    const { namespaces } = setUp(store);
    const id = await namespaces.register('a');
    await namespaces.delete('a');

    await new NamespacesAdmin({ store: dyingStore(store, calls) }).recover(id).catch(() => undefined);
    await namespaces.recover(id).catch((error) => expect(error).toMatchObject({ state: 'active' }));

    expect(await namespaces.get('a')).toMatchObject({ id, status: 'active' });
    expect(await statusOf(store, id)).toBe('active');
  });

  test.each(Array.from({ length: 90 }, (_, calls) => calls))('after %d calls of a purge leaves a state from which another finishes it', async (calls) => {
    const store = new MemoryStore();
    const { namespaces } = setUp(store);
    const id = await namespaces.register('a');
    await populate(store, id);
    await namespaces.delete('a');

    await new NamespacesAdmin({ store: dyingStore(store, calls) }).purge(id).catch(() => undefined);
    await namespaces.purge(id);

    expect(await left(store, id)).toEqual([]);
    expect(await statusOf(store, id)).toBeUndefined();
    expect(await namespaces.purged().toArray()).toHaveLength(1);
  });

  test.each([['delete', 'a'], ['recover', 'id']] as const)('%s gives up, to be called again, when others win every time', async (method, argument) => {
    const store = new MemoryStore();
    const { namespaces } = setUp(store);
    const id = await namespaces.register('a');
    if (method === 'recover') await namespaces.delete('a');
    const losing: Store = Object.assign(Object.create(store) as Store, { transact: async () => false });

    await expect(new NamespacesAdmin({ store: losing })[method](argument === 'id' ? id : argument)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
