import { Limit } from '@zae-limiter/client';
import { configKey } from '@zae-limiter/client/schema/config-item';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { NAMESPACE, Simulation } from '../support/simulation';

async function setUp() {
  const simulation = new Simulation();
  const { limiter, store } = simulation.process();
  await limiter.admin.limits.set([Limit.perMinute('rpm', 60)], { resource: 'api' });
  /** Stores the place of `user-1` in the hierarchy. */
  const family = (attributes: { readonly cascade: boolean; readonly parent?: string }) => simulation.table.transact([{
    put: {
      PK: { S: pk.entity(NAMESPACE, 'user-1') }, SK: { S: SK.entity }, entity_id: { S: 'user-1' }, cascade: { BOOL: attributes.cascade },
      ...(attributes.parent !== undefined && { parent_id: { S: attributes.parent } }),
    },
  }]);
  const explain = () => limiter.explain('user-1', 'api');
  return { simulation, limiter, store, family, explain };
}

describe('an explanation', () => {
  test('of what nobody asked for yet says that there is no bucket, and that its limits are full', async () => {
    const { explain } = await setUp();

    expect(await explain()).toMatchObject({ source: 'resource', exists: false, shards: 1, limits: [{ name: 'rpm', remaining: 60, exceeded: false }] });
  });

  test('says how old the limits are', async () => {
    const { simulation, explain } = await setUp();
    expect((await explain()).limitsAgeMs).toBe(0);

    simulation.clock.advance(5000);

    expect((await explain()).limitsAgeMs).toBe(5000);
  });

  test('costs one read once the limits are known', async () => {
    const { limiter, store, explain } = await setUp();
    await limiter.acquire({ entity: 'user-1', resource: 'api', consume: { rpm: 1 } });
    const before = store.others;

    expect(await explain()).toMatchObject({ exists: true, shards: 1, limits: [{ remaining: 59 }] });

    expect(store.others - before).toBe(1);
  });

  test('adds the shards up, and a shard that is not there yet holds nothing', async () => {
    const { simulation, limiter, explain } = await setUp();
    await limiter.acquire({ entity: 'user-1', resource: 'api', consume: { rpm: 20 } });
    await simulation.table.update({
      key: { pk: pk.bucket({ namespaceId: NAMESPACE, entity: 'user-1', resource: 'api', shard: 0 }), sk: SK.bucket },
      changes: new Map([['shard_count', { set: { N: '2' } }]]),
      conditions: [],
    });

    expect(await explain()).toMatchObject({ exists: true, shards: 2, limits: [{ capacity: 60, remaining: 30 }] });
  });

  test('names the parent that is charged too', async () => {
    const { family, explain } = await setUp();
    await family({ cascade: true, parent: 'team-1' });

    expect(await explain()).toMatchObject({ entity: 'user-1', parent: { entity: 'team-1', source: 'resource', parent: undefined } });
  });

  test.each([
    ['does not cascade', { cascade: false, parent: 'team-1' }],
    ['has no parent', { cascade: true }],
    ['is its own parent', { cascade: true, parent: 'user-1' }],
    ['has neither', { cascade: false }],
  ])('names no parent for an entity that %s', async (_, attributes) => {
    const { family, explain } = await setUp();
    await family(attributes);

    expect((await explain()).parent).toBeUndefined();
  });

  test('names no parent that has no limits', async () => {
    const { limiter, family } = await setUp();
    await family({ cascade: true, parent: 'team-1' });
    await limiter.admin.limits.set([Limit.perMinute('rpm', 5)], { entity: 'user-1' });

    expect(await limiter.explain('user-1', 'other')).toMatchObject({ source: 'entityDefault', parent: undefined });
  });

  test('does not hide that the limits of the parent cannot be read', async () => {
    const { simulation, family, explain } = await setUp();
    await family({ cascade: true, parent: 'team-1' });
    const { pk: partition, sk } = configKey(NAMESPACE, { entity: 'team-1' });
    await simulation.table.transact([{ put: { PK: { S: partition }, SK: { S: sk }, l_rpm_cp: { N: '1' } } }]);

    await expect(explain()).rejects.toMatchObject({ code: 'CORRUPT_RECORD' });
  });
});

describe('the wait for tokens', () => {
  test('is known for an entity without a parent', async () => {
    const { limiter } = await setUp();
    await limiter.acquire({ entity: 'user-1', resource: 'api', consume: { rpm: 60 } });

    expect(await limiter.timeUntil('user-1', 'api', { rpm: 2 })).toEqual({ ms: 2000 });
    expect(await limiter.timeUntil('user-1', 'api', { rpm: 61 })).toEqual({ unsatisfiable: true });
  });

  test('is known for whole tokens from 0 of limits that apply', async () => {
    const { limiter } = await setUp();

    await expect(limiter.timeUntil('user-1', 'api', { rpm: -1 })).rejects.toMatchObject({ field: 'consume.rpm', reason: 'negative' });
    await expect(limiter.timeUntil('user-1', 'api', { tmp: 1 })).rejects.toMatchObject({ code: 'UNKNOWN_LIMIT' });
  });
});

describe('a limiter', () => {
  test.each(['denyTtlMs', 'timeoutMs', 'maxBatchDelayMs'])('wants times of 0 or more for %s, and says so', (name) => {
    const process = (options: object) => new Simulation().process(options);

    expect(() => process({ [name]: -1 })).toThrow(expect.objectContaining({
      field: name, value: '-1', reason: 'negative', message: expect.stringContaining('must be 0 or more milliseconds'),
    }));
    expect(() => process({ [name]: Number.NaN })).toThrow(expect.objectContaining({ field: name }));
    expect(() => process({ [name]: 0 })).not.toThrow();
  });

  test('waits for the answer to a ping as long as the caller says', async () => {
    const { simulation, limiter, store } = await setUp();
    store.readFault = 'lost';
    const start = simulation.clock.now();

    expect(await simulation.run(limiter.ping({ timeoutMs: 300 }))).toBe(false);

    expect(simulation.clock.now() - start).toBe(300);
  });

  test('counts what its memory of the limits saved, and forgets it when it is told to', async () => {
    const { limiter, explain } = await setUp();
    await explain();
    await explain();
    const { hits, misses, size } = limiter.cache.stats();
    expect([hits, misses, size]).toEqual([5, 5, 5]);

    limiter.cache.invalidate();

    expect(limiter.cache.stats().size).toBe(0);
  });
});
