import { NoLimitsConfiguredError } from '@zae-limiter/client/core/errors';
import { Limit } from '@zae-limiter/client/core/limit';
import type { LimitSource } from '@zae-limiter/client/core/limit-view';
import { LimitResolver } from '@zae-limiter/client/limiter/limit-resolver';
import { text, type Item } from '@zae-limiter/client/schema/attributes';
import { configKey, limitAttributes, type LimitScope } from '@zae-limiter/client/schema/config-item';
import { entityItem, entityKey } from '@zae-limiter/client/schema/entity-item';
import type { PrimaryKey } from '@zae-limiter/client/schema/keys';
import type { Store } from '@zae-limiter/client/store/store';
import { FakeClock } from '@zae-limiter/client/testing';
import { vectors } from '../../../../test/support/vectors';

const id = ({ pk, sk }: PrimaryKey) => `${pk}|${sk}`;

/** Stored items by key, and a record of what was read. */
class ConfigTable {
  readonly items = new Map<string, Item>();
  readonly reads: string[][][] = [];
  failing = false;

  get store(): Store {
    return {
      getMany: async (keys: readonly PrimaryKey[]) => {
        this.reads.push(keys.map(({ pk, sk }) => [pk, sk]));
        const items = keys.map((key) => this.items.get(id(key)));
        await Promise.resolve();
        if (this.failing) throw new Error('the store is down');
        return items;
      },
    } as unknown as Store;
  }

  put(scope: LimitScope, limits: readonly Limit[], onUnavailable?: string): void {
    this.items.set(id(configKey('ns1', scope)), { ...limitAttributes(limits), ...(onUnavailable && { on_unavailable: text(onUnavailable) }) });
  }

  delete(scope: LimitScope): void {
    this.items.delete(id(configKey('ns1', scope)));
  }
}

interface Step {
  readonly op: 'put' | 'delete' | 'resolve' | 'stats' | 'advance' | 'evict' | 'invalidate';
  readonly level?: string;
  readonly limits?: Record<string, number>;
  readonly on_unavailable?: string;
  readonly entity_id?: string;
  readonly resource?: string;
  readonly seconds?: number;
}

const SCOPES: Record<string, (step: Step) => LimitScope> = {
  entity: ({ entity_id: entity = 'u', resource = 'api' }) => ({ entity, resource }),
  entity_default: ({ entity_id: entity = 'u' }) => ({ entity }),
  resource: ({ resource = 'api' }) => ({ resource }),
  system: () => ({}),
};

const WIRE_SOURCES: Record<LimitSource, string> = {
  entity: 'entity', entityDefault: 'entity_default', resource: 'resource', system: 'system', override: 'override',
};

async function run(steps: readonly Step[], ttlSeconds: number): Promise<unknown[]> {
  const table = new ConfigTable();
  const clock = new FakeClock();
  const resolver = new LimitResolver(table.store, 'ns1', clock, { ttlMs: ttlSeconds * 1000 });
  const results: unknown[] = [];
  for (const step of steps) {
    switch (step.op) {
      case 'put':
        table.put(SCOPES[step.level!]!(step), Object.entries(step.limits!).map(([name, rate]) => Limit.perMinute(name, rate)), step.on_unavailable);
        break;
      case 'delete': table.delete(SCOPES[step.level!]!(step)); break;
      case 'advance': clock.advance(step.seconds! * 1000); break;
      case 'invalidate': resolver.evict(); break;
      case 'evict': resolver.evict(step.resource === '_default_' ? { entity: step.entity_id } : { entity: step.entity_id, resource: step.resource }); break;
    }
    if (step.op === 'resolve') results.push(await resolve(table, resolver, step, ttlSeconds));
    else if (step.op === 'stats') results.push(wireStats(resolver));
    else results.push(null);
  }
  return results;
}

async function resolve(table: ConfigTable, resolver: LimitResolver, { entity_id: entity = 'u', resource = 'api' }: Step, ttl: number): Promise<unknown> {
  const before = table.reads.length;
  const found = await resolver.find(entity, resource);
  return {
    limits: found === undefined ? null : Object.fromEntries(found.limits.map(({ name, capacity }) => [name, capacity])),
    source: found === undefined ? null : WIRE_SOURCES[found.source],
    fetched: table.reads.slice(before).flat(),
    // Without a cache there is no memory of the policy to look at.
    ...(ttl > 0 && { on_unavailable: resolver.onUnavailable ?? null }),
  };
}

const wireStats = ({ stats: { hits, misses, size, ttlMs } }: LimitResolver) => ({ hits, misses, size, ttl: ttlMs / 1000 });

describe('LimitResolver', () => {
  interface Input { readonly cache_ttl_seconds: number; readonly steps: readonly Step[] }

  test.each(vectors<Input, readonly (null | { on_unavailable?: unknown })[]>('config_resolution'))(
    'finds and reads what the reference does: $title', async ({ input: { cache_ttl_seconds: ttl, steps }, expected }) => {
      const results = await run(steps, ttl);

      const wanted = expected.map((result) => {
        if (result === null || ttl > 0) return result;
        const { on_unavailable: _, ...rest } = result;
        return rest;
      });
      expect(results).toEqual(wanted);
    });

  const setUp = (options?: ConstructorParameters<typeof LimitResolver>[3]) => {
    const table = new ConfigTable();
    const clock = new FakeClock();
    table.put({}, [Limit.perMinute('rpm', 100)], 'allow');
    return { table, clock, resolver: new LimitResolver(table.store, 'ns1', clock, options) };
  };

  test('W29: reads once for all who ask at the same time', async () => {
    const { table, resolver } = setUp();

    await Promise.all(Array.from({ length: 10 }, () => resolver.resolve('u', 'api')));

    expect(table.reads).toHaveLength(1);
  });

  test('W29: serves stale limits once more while it reads them again', async () => {
    const { table, clock, resolver } = setUp();
    await resolver.know('u', 'api');
    table.put({}, [Limit.perMinute('rpm', 7)]);
    clock.advance(60_001);

    expect(resolver.peek('u', 'api')!.resolved!.limits[0]!.capacity).toBe(100);
    await new Promise(setImmediate);

    expect(resolver.peek('u', 'api')!.resolved!.limits[0]!.capacity).toBe(7);
    expect(table.reads).toHaveLength(2);
  });

  test('knows a thousand entities and more', async () => {
    const { table, resolver } = setUp();
    for (let n = 0; n <= 1000; n++) await resolver.know(`u${n}`, 'api');
    const { length } = table.reads;

    expect([resolver.peek('u0', 'api'), resolver.peek('u1000', 'api')]).toMatchObject([{ resolved: { source: 'system' } }, { resolved: { source: 'system' } }]);
    expect(table.reads).toHaveLength(length);
  });

  test('keeps serving what it knows while the store is down', async () => {
    const { table, clock, resolver } = setUp();
    await resolver.know('u', 'api');
    table.failing = true;
    clock.advance(3_600_000);

    expect(resolver.peek('u', 'api')!.resolved!.limits[0]!.capacity).toBe(100);
    await new Promise(setImmediate);

    expect(resolver.peek('u', 'api')!.resolved!.limits[0]!.capacity).toBe(100);
    expect(resolver.onUnavailable).toBe('allow');
  });

  test('does not remember a read that failed', async () => {
    const { table, resolver } = setUp();
    table.failing = true;
    await expect(resolver.resolve('u', 'api')).rejects.toThrow('the store is down');
    table.failing = false;

    await expect(resolver.resolve('u', 'api')).resolves.toMatchObject({ source: 'system' });
  });

  test('does not keep a read that an eviction overtook', async () => {
    const { table, resolver } = setUp();
    const old = resolver.resolve('u', 'api');
    table.put({}, [Limit.perMinute('rpm', 7)]);
    resolver.evict({});

    expect((await old).limits[0]!.capacity).toBe(100);
    expect((await resolver.resolve('u', 'api')).limits[0]!.capacity).toBe(7);
  });

  test('rejects when no level holds a limit', async () => {
    const { table, resolver } = setUp();
    table.delete({});

    await expect(resolver.resolve('u', 'api')).rejects.toThrow(NoLimitsConfiguredError);
    expect(resolver.peek('u', 'api')).toBeUndefined();
  });

  test('finds limits that were added since memory held none', async () => {
    const { table, clock, resolver } = setUp();
    table.delete({});
    await expect(resolver.lookUp('u', 'api')).rejects.toThrow(NoLimitsConfiguredError);
    table.put({}, [Limit.perMinute('rpm', 7)]);

    clock.advance(2000);

    await expect(resolver.lookUp('u', 'api')).resolves.toMatchObject({ resolved: { source: 'system' } });
  });

  test('keeps what it knows when looking again fails', async () => {
    const { table, resolver } = setUp();
    await resolver.know('u', 'api');
    table.failing = true;

    await expect(resolver.revalidate('u', 'api')).rejects.toThrow('the store is down');

    expect(resolver.peek('u', 'api')).toMatchObject({ resolved: { source: 'system' } });
  });

  test('a level that cannot be read harms only those whom no higher level decides', async () => {
    const { table, resolver } = setUp();
    table.items.set(id(configKey('ns1', {})), { l_rpm_cp: { N: '1' } });
    table.put({ entity: 'u' }, [Limit.perMinute('rpm', 7)]);

    await expect(resolver.resolve('u', 'api')).resolves.toMatchObject({ source: 'entityDefault' });
    await expect(resolver.resolve('v', 'api')).rejects.toMatchObject({ code: 'CORRUPT_RECORD' });
  });

  test('looks again at most every two seconds when a bucket shows other limits', async () => {
    const { table, clock, resolver } = setUp();
    await resolver.resolve('u', 'api');

    await resolver.revalidate('u', 'api');
    await resolver.revalidate('u', 'api');
    expect(table.reads).toHaveLength(2);

    clock.advance(2000);
    await resolver.revalidate('u', 'api');
    expect(table.reads).toHaveLength(3);
  });

  test('forgets when it last looked at the pair that it looked at longest ago', async () => {
    const { table, resolver } = setUp();
    for (let n = 0; n <= 1000; n++) await resolver.revalidate(`u${n}`, 'api');
    const before = table.reads.length;

    await resolver.revalidate('u1000', 'api');
    expect(table.reads).toHaveLength(before);
    await resolver.revalidate('u0', 'api');
    expect(table.reads).toHaveLength(before + 1);
  });

  test('holds no more items than it was told to', async () => {
    const { resolver } = setUp({ maxEntries: 4 });

    await resolver.resolve('u', 'api');
    await resolver.resolve('v', 'api');

    expect(resolver.stats.size).toBe(4);
    expect(resolver.peek('u', 'api')).toBeUndefined();
  });

  test('reads an entity without a record as one without a parent', async () => {
    const { resolver } = setUp();

    await expect(resolver.lineage('u')).resolves.toMatchObject({ cascade: false, parentId: undefined });
  });

  test('W29: serves a stale place in the hierarchy once more while it reads it again', async () => {
    const { table, clock, resolver } = setUp();
    await resolver.lineage('u');
    table.items.set(id(entityKey('ns1', 'u')), entityItem('ns1', { id: 'u', name: 'u', parentId: 'team', cascade: true, metadata: {}, createdAt: undefined }));
    clock.advance(60_001);

    expect(resolver.peekLineage('u')).toMatchObject({ cascade: false, parentId: undefined });
    await new Promise(setImmediate);

    expect(resolver.peekLineage('u')).toMatchObject({ cascade: true, parentId: 'team' });
    expect(table.reads).toHaveLength(2);
  });

  test('forgets the place of one entity in the hierarchy, and nothing else', async () => {
    const { table, resolver } = setUp();
    await resolver.know('u', 'api');
    await resolver.know('v', 'api');

    resolver.evictEntity('u');

    expect(resolver.peekLineage('u')).toBeUndefined();
    expect(resolver.peekLineage('v')).toBeDefined();
    await resolver.know('u', 'api');
    expect(table.reads.at(-1)).toEqual([[entityKey('ns1', 'u').pk, entityKey('ns1', 'u').sk]]);
  });

  test('takes the policy for outages from the system alone, whatever it reads later', async () => {
    const { table, resolver } = setUp();
    table.put({ resource: 'other' }, [Limit.perMinute('rpm', 7)], 'block');
    await resolver.know('u', 'api');

    await resolver.know('u', 'other');
    await resolver.know('v', 'other');

    expect(resolver.onUnavailable).toBe('allow');
  });

  test('forgets one level when it is told to, or all', async () => {
    const { table, resolver } = setUp();
    await resolver.know('u', 'api');

    resolver.evict({ resource: 'api' });
    await resolver.know('u', 'api');
    expect(table.reads.at(-1)).toHaveLength(1);

    resolver.evict();
    await resolver.know('u', 'api');
    expect(table.reads.at(-1)).toHaveLength(5);
  });

  test('remembers for the last thousand pairs when it looked at them', async () => {
    const { table, resolver } = setUp();
    for (let n = 0; n < 1000; n++) await resolver.revalidate(`u${n}`, 'api');
    const before = table.reads.length;

    await resolver.revalidate('u0', 'api');

    expect(table.reads).toHaveLength(before);
  });
});
