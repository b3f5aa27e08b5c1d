import { Limit, MemoryStore } from '@zae-limiter/client';
import { BucketWriter, type TakeContext, type WriterSettings } from '@zae-limiter/client/limiter/bucket-writer';
import { int } from '@zae-limiter/client/schema/attributes';
import { bucketKey, bucketTarget, parseBucket } from '@zae-limiter/client/schema/bucket-item';
import { FakeClock, FaultyStore } from '@zae-limiter/client/testing';

const milli = (tokens: Record<string, number>) => new Map(Object.entries(tokens).map(([name, amount]) => [name, amount * 1000]));

function setUp({ shard = 0, shardCount = 1, names = ['rpm'], ...more }: Partial<WriterSettings> & { shard?: number; shardCount?: number; names?: string[] } = {}) {
  const clock = new FakeClock();
  const table = new MemoryStore();
  const store = new FaultyStore(table, clock);
  const key = { namespaceId: 'ns1', entity: 'user-1', resource: 'api', shard };
  const listener = { seen: jest.fn(), hasShard: async () => true, tooHot: jest.fn(), clockAhead: jest.fn() };
  const settings = { store, clock, random: () => 0, denyTtlMs: 250, timeoutMs: 60_000, maxBatchDelayMs: 0, pullClockBack: false, ...more };
  const writer = new BucketWriter(settings, key, listener);
  const target = bucketTarget(names.map((name) => Limit.perDay(name, 1000)), true);
  const context: TakeContext = {
    limits: { target, readAt: clock.now() }, lineage: { cascade: false, parentId: undefined }, signal: undefined,
    revalidate: async () => context.limits,
  };
  const take = (tokens: Record<string, number>) => clock.drive(writer.take(milli(tokens), shardCount, context));
  const room = (tokens: Record<string, number>) => writer.room(milli(tokens), target, shardCount);
  /** Changes the bucket behind the writer's back. */
  const set = (attributes: Record<string, number>) => table.update({
    key: bucketKey(key), changes: new Map(Object.entries(attributes).map(([name, value]) => [name, { set: int(value) }])), conditions: [],
  });
  const remove = () => table.deleteMany([bucketKey(key)]);
  const tokens = async () => parseBucket((await table.get(bucketKey(key)))!).limits.get('rpm')!.tokens / 1000;
  return { writer, clock, store, listener, take, room, set, remove, tokens };
}

describe('the room of a shard', () => {
  test('of the first that is gone is unknown: whoever creates it finds it full', async () => {
    const { writer, take, remove, room } = setUp();
    await take({ rpm: 1000 });
    await remove();
    await writer.settle(milli({ rpm: -1 }));

    expect(writer.lastSeen).toBeNull();
    expect(room({ rpm: 1 })).toBe(Infinity);
  });

  test('of a further one that is gone is none: whoever creates it finds it empty', async () => {
    const { writer, take, remove, room } = setUp({ shard: 1, shardCount: 2 });
    await take({ rpm: 1 });
    await remove();
    await writer.settle(milli({ rpm: -1 }));

    expect(writer.lastSeen).toBeNull();
    expect(room({ rpm: 1 })).toBe(0);
  });
});

describe('a bucket that was credited up to a time in the future', () => {
  test.each([[60_000, 0], [60_001, 1]])('by %d ms is told of %d times', async (aheadMs, times) => {
    const { clock, listener, take, set } = setUp();
    await take({ rpm: 1 });
    await set({ rf: clock.now() + aheadMs });
    await take({ rpm: 0 }); // sees it

    await take({ rpm: 1 });

    expect(listener.clockAhead).toHaveBeenCalledTimes(times);
  });

  test('gives what it holds all the same', async () => {
    const { clock, store, take, set, tokens } = setUp();
    await take({ rpm: 500 });
    await set({ rf: clock.now() + 3_600_000 });
    await take({ rpm: 0 }); // sees it
    const before = store.updates;

    expect((await take({ rpm: 500 })).verdict).toBe('admitted');

    expect(store.updates - before).toBe(1);
    expect(await tokens()).toBe(0);
  });

  test('is put right with one write before the next, when that is wanted', async () => {
    const { clock, store, take, set, tokens, writer } = setUp({ pullClockBack: true });
    await take({ rpm: 500 });
    await set({ rf: clock.now() + 3_600_000 });
    await take({ rpm: 0 }); // sees it
    const before = store.updates;

    expect((await take({ rpm: 500 })).verdict).toBe('admitted');

    expect(store.updates - before).toBe(2);
    expect(writer.lastSeen).toMatchObject({ refilledAt: clock.now() });
    expect(await tokens()).toBe(0);
  });
});

describe('a correction', () => {
  test('for limits that are all gone costs one call and changes nothing', async () => {
    const { writer, store, take, tokens } = setUp();
    await take({ rpm: 100 });
    const before = store.updates;

    await writer.settle(milli({ gone: -5 }));

    expect(store.updates - before).toBe(1);
    expect(await tokens()).toBe(900);
  });

  test('is booked for the limits that are left, when one of them is gone', async () => {
    const { writer, store, take, tokens } = setUp();
    await take({ rpm: 100 });
    const before = store.updates;

    await writer.settle(milli({ rpm: -5, gone: -5 }));

    expect(store.updates - before).toBe(2);
    expect(await tokens()).toBe(905);
  });
});

describe('requests that share a write', () => {
  test('are admitted down to the last token, and one that asks for nothing of an empty limit with them', async () => {
    const { take, set, writer } = setUp({ names: ['rpm', 'tpm'] });
    await take({ rpm: 0, tpm: 0 });
    await set({ b_rpm_tk: 10_000, b_tpm_tk: 0 });

    const verdicts = await Promise.all([take({ rpm: 4 }), take({ rpm: 7 }), take({ rpm: 6, tpm: 0 }), take({ rpm: 1 })]);

    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['admitted', 'short', 'admitted', 'short']);
    expect(writer.lastSeen!.limits.get('rpm')!.tokens).toBe(0);
  });

  test('fail together when the store is down, and it is asked twice for all of them', async () => {
    const { take, store } = setUp();
    await take({ rpm: 1 });
    store.fault = () => 'down';
    const before = store.updates;

    const results = await Promise.allSettled(Array.from({ length: 20 }, () => take({ rpm: 1 })));

    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(store.updates - before).toBeLessThanOrEqual(8);
  });
});

describe('a bucket that is deleted each time that it is written', () => {
  test('cannot be decided for now: the error says why, and that another try may succeed', async () => {
    const { take, store, remove, set } = setUp();
    await take({ rpm: 1 });
    let exists = true;
    store.fault = async () => {
      await (exists ? remove() : set({ rf: 1 }));
      exists = !exists;
    };

    await expect(take({ rpm: 1 })).rejects.toMatchObject({
      code: 'UNAVAILABLE', retryable: true, message: expect.stringContaining('deleted again and again'),
    });
  });
});
