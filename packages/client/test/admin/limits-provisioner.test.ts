import { Admin, LimiterUnavailableError, LimitsOwnedError, Limit, MemoryStore, RateLimiter, type Store } from '@zae-limiter/client';
import { LimitsProvisioner } from '@zae-limiter/client/admin/limits-provisioner';
import { manifestHash } from '@zae-limiter/client/manifest/canonical-json';
import type { Target } from '@zae-limiter/client/manifest/managed';
import type { Manifest } from '@zae-limiter/client/manifest/manifest';
import { parseManifest } from '@zae-limiter/client/manifest/validate';
import { parseProvisionerRecord, provisionerKey, provisionerUpdate } from '@zae-limiter/client/schema/provisioner-item';
import type { ItemUpdate, ItemWrite } from '@zae-limiter/client/schema/update';
import { FakeClock } from '@zae-limiter/client/testing';

const NS = 'ns1';
const rpm = (capacity: number) => ({ limits: { rpm: { capacity } } });

const MANIFEST = parseManifest({
  namespace: 'default',
  system: { on_unavailable: 'block', ...rpm(1000) },
  resources: { 'gpt-4': rpm(500), 'openai/gpt-4o': rpm(50) },
  entities: { 'user-1': { resources: { 'gpt-4': rpm(9), '_default_': rpm(5) } } },
});
const EMPTY: Manifest = { namespace: 'default' };

const setUp = (store: Store = new MemoryStore()) => {
  const clock = new FakeClock();
  const admin = new Admin({ store, namespaceId: NS, clock });
  return { store, clock, admin, provisioner: new LimitsProvisioner({ store, namespaceId: NS, clock }) };
};

/** A store in memory of which some calls are replaced. */
const changed = (memory: MemoryStore, calls: Partial<Store>): Store => Object.assign(Object.create(memory) as MemoryStore, { tableName: 't', ...calls });

const partitionOf = (write: ItemWrite): string | undefined => ('update' in write ? write.update.key.pk : 'delete' in write ? write.delete.pk : undefined);
const isRecord = ({ key }: ItemUpdate): boolean => key.sk === '#PROVISIONER';

const names = async (list: AsyncIterable<string>): Promise<string[]> => {
  const found: string[] = [];
  for await (const name of list) found.push(name);
  return found;
};

describe('a manifest that is applied', () => {
  test('F-17, W38: stores its limits where every list finds them, and removes what it no longer declares', async () => {
    const { provisioner, admin } = setUp();

    const first = await provisioner.apply(MANIFEST, { owner: 'cli' });

    expect(first).toMatchObject({ created: 5, updated: 0, deleted: 0, unchanged: 0, errors: [], hash: manifestHash(MANIFEST) });
    expect(await admin.limits.get()).toEqual({ limits: [Limit.perMinute('rpm', 1000)], onUnavailable: 'block' });
    expect(await admin.limits.get({ entity: 'user-1' })).toMatchObject({ limits: [Limit.perMinute('rpm', 5)] });
    expect(await names(admin.limits.resources())).toEqual(['gpt-4', 'openai/gpt-4o']);
    expect(await names(admin.limits.entityResources())).toEqual(['_default_', 'gpt-4']);
    expect(await names(admin.limits.entities('gpt-4'))).toEqual(['user-1']);

    const second = await provisioner.apply({ namespace: 'default', resources: { 'gpt-4': { limits: { rpm: { capacity: 1, refill_amount: 1, refill_period: 1 } } } } }, { owner: 'cli' });

    expect(second).toMatchObject({ created: 0, updated: 1, deleted: 4 });
    expect(await admin.limits.get()).toEqual({ limits: [], onUnavailable: undefined });
    expect(await names(admin.limits.resources())).toEqual(['gpt-4']);
    expect(await names(admin.limits.entityResources())).toEqual([]);
    expect(await provisioner.record()).toMatchObject({ managed: { system: false, resources: ['gpt-4'], entities: {} }, owner: 'cli' });
  });

  test('F-11: changes nothing the second time, and writes the record only', async () => {
    const { store, clock, provisioner } = setUp();
    await provisioner.apply(MANIFEST, { owner: 'cli' });
    const update = jest.spyOn(store, 'update');
    const transact = jest.spyOn(store, 'transact');
    clock.advance(5007);

    const again = await provisioner.apply(MANIFEST, { owner: 'cli' });

    expect(again).toMatchObject({ changes: [], unchanged: 5, created: 0, updated: 0, deleted: 0, errors: [] });
    expect([update.mock.calls.length, transact.mock.calls.length]).toEqual([1, 0]);
    expect((await provisioner.record()).lastApplied).toBe('2100-01-01T00:00:05.007000+00:00');
    expect(await provisioner.plan(MANIFEST)).toMatchObject({ changes: [], unchanged: 5 });
  });

  test('F-11: puts right what somebody else changed, and says what it was', async () => {
    const { provisioner, admin } = setUp();
    await provisioner.apply(MANIFEST, { owner: 'cli' });
    await admin.limits.set([Limit.perMinute('rpm', 999), Limit.perDay('rpd', 7)], { resource: 'gpt-4' });
    await admin.limits.merge([], {}, { onUnavailable: 'allow' });
    await admin.limits.delete({ entity: 'user-1' });

    const { changes, unchanged } = await provisioner.apply(MANIFEST, { owner: 'cli' });

    expect(unchanged).toBe(2);
    expect(changes).toMatchObject([
      { action: 'update', target: { level: 'system' }, before: { on_unavailable: 'allow' }, after: { on_unavailable: 'block' } },
      { action: 'update', target: { resource: 'gpt-4' }, before: { limits: { rpm: { capacity: 999 }, rpd: { capacity: 7 } } }, after: { limits: { rpm: { capacity: 500 } } } },
      { action: 'create', target: { entity: 'user-1', resource: '_default_' } },
    ]);
    expect((await provisioner.plan(MANIFEST)).changes).toEqual([]);
  });

  test('leaves alone what nobody declared', async () => {
    const { provisioner, admin } = setUp();
    await admin.limits.set([Limit.perMinute('rpm', 1)], { resource: 'by-hand' });

    await provisioner.apply(MANIFEST, { owner: 'cli' });
    await provisioner.apply(EMPTY, { owner: 'cli' });

    expect(await names(admin.limits.resources())).toEqual(['by-hand']);
  });

  test('removes a policy that it no longer declares, and can declare a policy alone', async () => {
    const { provisioner, admin } = setUp();
    await provisioner.apply(MANIFEST, { owner: 'cli' });

    await provisioner.apply(parseManifest({ namespace: 'default', system: rpm(1000) }), { owner: 'cli' });
    expect(await admin.limits.get()).toMatchObject({ onUnavailable: undefined });

    await provisioner.apply(parseManifest({ namespace: 'default', system: { on_unavailable: 'allow' } }), { owner: 'cli' });
    expect(await admin.limits.get()).toEqual({ limits: [], onUnavailable: 'allow' });
  });

  test('F-18, W5: reaches the live bucket of an entity at once, and is audited under the name of its owner', async () => {
    const { store, clock, provisioner, admin } = setUp();
    const limiter = new RateLimiter({ store, namespaceId: NS, clock });
    await provisioner.apply(MANIFEST, { owner: 'cli' });
    await limiter.acquire({ entity: 'user-1', resource: 'gpt-4', consume: { rpm: 1 } });

    clock.advance(1000);

    const smaller = parseManifest({ namespace: 'default', entities: { 'user-1': { resources: { 'gpt-4': rpm(77) } } } });
    await provisioner.apply(smaller, { owner: 'stack/1|Limits', adoptExisting: true });

    expect(await admin.buckets.show('user-1')).toMatchObject([{ limits: [{ name: 'rpm', capacity: 77 }] }]);
    const events = await admin.audit.list({ entity: 'user-1' }).toArray();
    expect(events.map(({ action, resource, principal }) => ({ action, resource, principal })).filter(({ principal }) => principal?.includes('stack'))).toEqual(
      expect.arrayContaining([
        { action: 'limits_set', resource: 'gpt-4', principal: 'provisioner:stack/1|Limits' },
        { action: 'limits_deleted', resource: undefined, principal: 'provisioner:stack/1|Limits' },
      ]));
    expect(await admin.audit.list({ resource: 'gpt-4' }).toArray()).toMatchObject([
      { action: 'limits_deleted', principal: 'provisioner:stack/1|Limits' }, { action: 'limits_set', principal: 'provisioner:cli' },
    ]);
  });

  test('reads a damaged limit as one that differs', async () => {
    const { store, provisioner, admin } = setUp();
    await provisioner.apply(MANIFEST, { owner: 'cli' });
    await store.update({ key: { pk: `${NS}/RESOURCE#gpt-4`, sk: '#CONFIG' }, changes: new Map([['l_rpm_ra', { remove: true }]]), conditions: [] });

    const { changes } = await provisioner.apply(MANIFEST, { owner: 'cli' });

    expect(changes).toMatchObject([{ action: 'update', before: { limits: { rpm: { capacity: 500, refill_period: 60 } } } }]);
    expect((await admin.limits.get({ resource: 'gpt-4' })).limits).toEqual([Limit.perMinute('rpm', 500)]);
  });
});

describe('F-15: changes that fail', () => {
  /** Refuses to touch one resource, until it is told otherwise. */
  function refusing(memory = new MemoryStore()) {
    const plan = { refuse: true };
    const store = changed(memory, {
      transact: async (writes) => {
        if (plan.refuse && writes.some((write) => partitionOf(write) === `${NS}/RESOURCE#gpt-4`)) throw new LimiterUnavailableError('no', false);
        return memory.transact(writes);
      },
    });
    return { plan, ...setUp(store) };
  }

  test('do not stop others, are reported, and are neither managed nor forgotten', async () => {
    const { plan, provisioner, admin } = refusing();

    const first = await provisioner.apply(MANIFEST, { owner: 'cli' });

    expect(first).toMatchObject({ created: 4, errors: ['create resource gpt-4: no'] });
    expect(await provisioner.record()).toMatchObject({
      managed: { system: true, resources: ['openai/gpt-4o'], entities: { 'user-1': ['_default_', 'gpt-4'] } }, appliedHash: undefined, owner: undefined,
    });
    plan.refuse = false;
    expect(await provisioner.apply(MANIFEST, { owner: 'cli' })).toMatchObject({ created: 1, unchanged: 4, errors: [] });
    plan.refuse = true;
    const updated = parseManifest({ namespace: 'default', resources: { 'gpt-4': rpm(1) } });
    expect(await provisioner.apply(updated, { owner: 'cli' })).toMatchObject({ updated: 0, deleted: 4, errors: ['update resource gpt-4: no'] });
    expect(await provisioner.apply(EMPTY, { owner: 'cli' })).toMatchObject({ deleted: 0, errors: ['delete resource gpt-4: no'] });
    expect(await provisioner.record()).toMatchObject({ managed: { system: false, resources: ['gpt-4'], entities: {} }, appliedHash: manifestHash(MANIFEST) });
    plan.refuse = false;
    expect(await provisioner.apply(EMPTY, { owner: 'cli' })).toMatchObject({ deleted: 1, errors: [] });
    expect(await names(admin.limits.resources())).toEqual([]);
  });

  test('are managed when they were done all the same and only the answer was lost', async () => {
    const memory = new MemoryStore();
    const { provisioner } = setUp(changed(memory, {
      transact: async (writes) => {
        await memory.transact(writes);
        throw new LimiterUnavailableError('no answer', true);
      },
    }));

    const { errors } = await provisioner.apply(MANIFEST, { owner: 'cli' });

    expect(errors).toHaveLength(5);
    expect(errors[0]).toBe('create system: no answer');
    expect((await provisioner.record()).managed).toEqual({ system: true, resources: ['gpt-4', 'openai/gpt-4o'], entities: { 'user-1': ['_default_', 'gpt-4'] } });
  });

  test('stay claimed when the provisioner dies before it can say what it did', async () => {
    const memory = new MemoryStore();
    let records = 0;
    const { provisioner } = setUp(changed(memory, {
      update: async (update) => {
        if (isRecord(update) && ++records === 2) throw new LimiterUnavailableError('died', true);
        return memory.update(update);
      },
    }));

    await expect(provisioner.apply(MANIFEST, { owner: 'cli' })).rejects.toThrow('died');

    expect(await provisioner.record()).toMatchObject({ managed: { system: true, resources: ['gpt-4', 'openai/gpt-4o'] }, owner: 'cli', appliedHash: undefined });
    expect(await provisioner.apply(EMPTY, { owner: 'cli' })).toMatchObject({ deleted: 5, errors: [] });
  });

  test('for want of time are those that did not begin', async () => {
    const memory = new MemoryStore();
    const stop = new AbortController();
    const { provisioner } = setUp(changed(memory, {
      transact: async (writes) => {
        stop.abort();
        return memory.transact(writes);
      },
    }));
    const resources = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`r${at}`, rpm(1)]));

    const { created, errors } = await provisioner.apply(parseManifest({ namespace: 'default', resources }), { owner: 'cli', signal: stop.signal });

    expect(created).toBe(10); // those that had begun
    expect(errors).toHaveLength(20);
    expect(errors.at(-1)).toBe('create resource r9: there was no time left');
    expect((await provisioner.record()).managed.resources).toHaveLength(10);
  });
});

describe('F-41: the owner of the limits', () => {
  const OTHER: Manifest = parseManifest({ namespace: 'default', resources: { claude: rpm(3) } });

  test('is the only one who may change them', async () => {
    const { provisioner, admin } = setUp();
    await provisioner.apply(MANIFEST, { owner: 'stack|Limits' });

    await expect(provisioner.apply(OTHER, { owner: 'cli' })).rejects.toThrow(LimitsOwnedError);
    await expect(provisioner.apply(OTHER, { owner: 'cli' })).rejects.toMatchObject({ code: 'LIMITS_OWNED', owner: 'stack|Limits' });

    expect(await names(admin.limits.resources())).toEqual(['gpt-4', 'openai/gpt-4o']);
    expect(await provisioner.record()).toMatchObject({ owner: 'stack|Limits', appliedHash: manifestHash(MANIFEST) });
  });

  test('changes when another one adopts them', async () => {
    const { provisioner } = setUp();
    await provisioner.apply(MANIFEST, { owner: 'stack|Limits' });

    expect(await provisioner.apply(OTHER, { owner: 'cli', adoptExisting: true })).toMatchObject({ created: 1, deleted: 5 });

    expect((await provisioner.record()).owner).toBe('cli');
  });

  test('is anybody when there is nothing to own, and when the Python library recorded none', async () => {
    const { store, provisioner } = setUp();
    await provisioner.apply(EMPTY, { owner: 'stack|Limits' });
    await provisioner.apply(MANIFEST, { owner: 'cli' });
    const record = await provisioner.record();
    await store.update(provisionerUpdate(NS, record, { ...record, owner: undefined }));

    await provisioner.apply(MANIFEST, { owner: 'stack|Other' });

    expect((await provisioner.record()).owner).toBe('stack|Other');
  });
});

describe('two provisioners at the same time', () => {
  /** Applies other manifests just before the record is written for the n-th time. */
  function interrupted(times: readonly number[], other: () => Promise<unknown>, memory = new MemoryStore()) {
    let writes = 0;
    const transact = jest.fn((list: readonly ItemWrite[]) => memory.transact(list));
    const store = changed(memory, {
      transact,
      update: async (update) => {
        if (isRecord(update) && times.includes(++writes)) await other();
        return memory.update(update);
      },
    });
    return { memory, transact, ...setUp(store) };
  }

  const applyTo = (memory: MemoryStore, at: number) => async () => {
    const clock = new FakeClock();
    clock.advance(at);
    return new LimitsProvisioner({ store: memory, namespaceId: NS, clock }).apply(parseManifest({ namespace: 'default', resources: { [`other-${at}`]: rpm(1) } }), { owner: 'cli' });
  };

  test.each([['before anything is changed', 1], ['before it is done', 2]])('plan again when another one came %s', async (_, write) => {
    const memory = new MemoryStore();
    const { provisioner, admin } = interrupted([write], applyTo(memory, 1), memory);

    await provisioner.apply(MANIFEST, { owner: 'cli' });

    expect(await names(admin.limits.resources())).toEqual(['gpt-4', 'openai/gpt-4o']);
    expect(await provisioner.record()).toMatchObject({ managed: { system: true, resources: ['gpt-4', 'openai/gpt-4o'] }, appliedHash: manifestHash(MANIFEST) });
    expect((await provisioner.plan(MANIFEST)).changes).toEqual([]);
  });

  test('fail the second time, and then nothing was changed', async () => {
    const memory = new MemoryStore();
    let turn = 0;
    const { provisioner, transact } = interrupted([1, 2], () => applyTo(memory, ++turn)(), memory);

    await expect(provisioner.apply(MANIFEST, { owner: 'cli' })).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });

    expect(transact).not.toHaveBeenCalled();
    expect((await provisioner.record()).managed.resources).toEqual(['other-2']);
  });

  test('F-41: of two owners one changes nothing', async () => {
    const memory = new MemoryStore();
    const apply = (owner: string) => setUp(memory).provisioner.apply(MANIFEST, { owner });

    const outcomes = await Promise.allSettled([apply('stack|A'), apply('stack|B')]);

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const record = parseProvisionerRecord(await memory.get(provisionerKey(NS)));
    expect(record.owner).toBe(outcomes[0]!.status === 'fulfilled' ? 'stack|A' : 'stack|B');
  });
});

test('a record that cannot hold the old limits and the new ones claims the old ones only', async () => {
  const { provisioner, store } = setUp();
  const many = (prefix: string) => parseManifest({
    namespace: 'default', entities: Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`${prefix}${'x'.repeat(200)}${at}`, { resources: { r: rpm(1) } }])),
  });
  const update = jest.spyOn(store, 'update');

  await provisioner.apply(many('a'), { owner: 'cli' });
  await provisioner.apply(many('b'), { owner: 'cli' });

  const claims = update.mock.calls.map(([written]) => written).filter(isRecord).map(({ changes }) => {
    const entities = changes.get('managed_entities') as { set: { M: object } };
    return Object.keys(entities.set.M).map((entity) => entity[0]);
  });
  expect(claims.map((initials) => [...new Set(initials)].join(''))).toEqual(['a', 'a', 'a', 'b']);
  expect(await provisioner.plan(many('b'))).toMatchObject({ changes: [], unchanged: 1000 });
});

describe('a manifest that is applied in part', () => {
  const isGpt4 = (target: Target): boolean => target.level === 'resource' && target.resource === 'gpt-4';

  test('leaves targets as they are, and manages them no more', async () => {
    const { provisioner, admin } = setUp();
    await provisioner.apply(MANIFEST, { owner: 'cli' });
    await admin.limits.set([Limit.perMinute('rpm', 77)], { resource: 'gpt-4' });

    expect(await provisioner.plan(MANIFEST, { leave: isGpt4 })).toMatchObject({ changes: [], unchanged: 4 });
    expect(await provisioner.apply(MANIFEST, { owner: 'cli', leave: isGpt4 })).toMatchObject({ created: 0, updated: 0, deleted: 0 });

    expect(await admin.limits.get({ resource: 'gpt-4' })).toMatchObject({ limits: [Limit.perMinute('rpm', 77)] });
    expect((await provisioner.record()).managed.resources).toEqual(['openai/gpt-4o']);
    expect(await provisioner.apply(EMPTY, { owner: 'cli' })).toMatchObject({ deleted: 4 });
    expect(await admin.limits.get({ resource: 'gpt-4' })).toMatchObject({ limits: [Limit.perMinute('rpm', 77)] });
  });

  test('is refused by who sees the plan, and then nothing was changed', async () => {
    const { provisioner, admin } = setUp();
    const approve = jest.fn(() => { throw new Error('not like this'); });

    await expect(provisioner.apply(MANIFEST, { owner: 'cli', approve })).rejects.toThrow('not like this');

    expect(approve).toHaveBeenCalledWith(expect.objectContaining({ unchanged: 0 }));
    expect(await provisioner.record()).toMatchObject({ owner: undefined, lastApplied: undefined });
    expect(await names(admin.limits.resources())).toEqual([]);
  });
});
