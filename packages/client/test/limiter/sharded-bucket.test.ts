import { Limit, MemoryStore } from '@zae-limiter/client';
import type { TakeContext } from '@zae-limiter/client/limiter/bucket-writer';
import { ShardedBucket } from '@zae-limiter/client/limiter/sharded-bucket';
import { int, type Item } from '@zae-limiter/client/schema/attributes';
import { bucketTarget, parseBucket } from '@zae-limiter/client/schema/bucket-item';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { setAll } from '@zae-limiter/client/schema/update';
import { FakeClock, FaultyStore } from '@zae-limiter/client/testing';

type Tokens = Record<string, number>;

const KEY = { namespaceId: 'ns1', entity: 'hot', resource: 'api' };
const keyOf = (shard: number) => ({ pk: pk.bucket({ ...KEY, shard }), sk: SK.bucket });
const milli = (tokens: Tokens) => new Map(Object.entries(tokens).map(([name, amount]) => [name, amount * 1000]));

/**
 * A bucket with limits of 1000 tokens a day: nothing to speak of is refilled.
 *
 * `draw.random` is where among the shards the first of the two lies that a request compares; the next one is the other.
 */
function setUp({ random = 0, denyTtlMs = 250, limits = ['rpm'] } = {}) {
  const draw = { random };
  const clock = new FakeClock();
  const table = new MemoryStore();
  const store = new FaultyStore(table, clock);
  const listener = { split: jest.fn(), unsettled: jest.fn(), clockAhead: jest.fn() };
  const settings = { store, clock, random: () => draw.random, denyTtlMs, timeoutMs: 60_000, maxBatchDelayMs: 0, pullClockBack: false };
  const bucket = new ShardedBucket(settings, KEY, listener);
  const target = bucketTarget(limits.map((name) => Limit.perDay(name, 1000)), true);
  const wanted = { target, readAt: clock.now() };
  const lineage = { cascade: false, parentId: undefined };
  const context: TakeContext = { limits: wanted, revalidate: async () => wanted, lineage, signal: undefined };

  /** Writes a shard behind the bucket's back. */
  const put = (shard: number, tokens: Tokens, count: number) => {
    const balances = Object.entries(tokens).flatMap(([name, amount]): [string, Item[string]][] => [
      [`b_${name}_tk`, int(amount * 1000)], [`b_${name}_cp`, int(1_000_000)], [`b_${name}_ra`, int(1_000_000)], [`b_${name}_rp`, int(86_400_000)],
      [`b_${name}_tc`, int(0)],
    ]);
    const item: Item = { rf: int(clock.now()), shard_count: int(count), ...Object.fromEntries(balances) };
    return table.update({ key: keyOf(shard), changes: new Map(setAll(item)), conditions: [] });
  };
  /** Gives a shard another capacity than the limits that the request knows. */
  const raise = (shard: number, capacity: number) =>
    table.update({ key: keyOf(shard), changes: new Map([['b_rpm_cp', { set: int(capacity * 1000) }]]), conditions: [] });
  const stored = async (shard: number) => {
    const item = await table.get(keyOf(shard));
    return item && Object.fromEntries([...parseBucket(item).limits].filter(([name]) => name !== 'wcu').map(([name, { tokens }]) => [name, tokens / 1000]));
  };
  const take = (tokens: Tokens) => clock.drive(bucket.take(milli(tokens), context));
  /** Shards with these balances, each of which the bucket has just seen. */
  const withShards = async (...shards: Tokens[]) => {
    const nothing = Object.fromEntries(limits.map((name) => [name, 0]));
    for (const [shard, tokens] of shards.entries()) await put(shard, tokens, shards.length);
    for (const shard of shards.keys()) {
      draw.random = shard / shards.length;
      await take(nothing);
    }
    draw.random = random;
    asked.length = 0;
  };
  const asked: number[] = [];
  store.fault = ({ key }) => { asked.push(Number(key.pk.slice(key.pk.lastIndexOf('#') + 1))); };
  const room = (tokens: Tokens) => bucket.room(milli(tokens), target);
  return { bucket, draw, clock, table, store, put, raise, stored, take, withShards, asked, room };
}

/** Tokens by shard that a request was given. */
const given = ({ parts }: Awaited<ReturnType<ShardedBucket['take']>>) =>
  parts.map(({ writer, amounts }) => [writer.key.shard, Object.fromEntries([...amounts].map(([name, amount]) => [name, amount / 1000]))]);

describe('a bucket that nobody wrote to', () => {
  test('is not taken for one that was seen, also when somebody asked how much room it has', () => {
    const { bucket, room } = setUp();

    expect(room({ rpm: 1 })).toBe(Infinity);

    expect(bucket.seen).toBe(false);
    expect(bucket.standings()).toEqual([]);
  });

  test('has room for what is to be found out, also when the first look showed that it is not there', async () => {
    const { bucket, room } = setUp();

    expect(await bucket.takeBlindly(milli({ rpm: 1 }))).toBe(false);

    expect(bucket.seen).toBe(true);
    expect(room({ rpm: 1 })).toBe(Infinity);
  });
});

describe('the room of a bucket', () => {
  test('is that of its fullest shard, for the limit that is shortest there', async () => {
    const { withShards, room } = setUp({ limits: ['rpm', 'tpm'] });
    await withShards({ rpm: 100, tpm: 100 }, { rpm: 400, tpm: 200 });

    expect(room({ rpm: 100, tpm: 100 })).toBe(2);
    expect(room({ rpm: 400, tpm: 1 })).toBe(1);
  });

  test('is not narrowed by a limit that is empty and not asked for', async () => {
    const { withShards, room } = setUp({ limits: ['rpm', 'tpm'] });
    await withShards({ rpm: 0, tpm: 100 });

    expect(room({ rpm: 0, tpm: 50 })).toBe(2);
    expect(room({ rpm: 0 })).toBe(Infinity);
  });

  test('is not narrowed by a limit that is new to it: that one starts full', async () => {
    const { put, take, room } = setUp({ limits: ['rpm', 'new'] });
    await put(0, { rpm: 100 }, 1);
    await take({ rpm: 0 });

    expect(room({ rpm: 50, new: 500 })).toBe(2);
  });
});

describe('a request to a bucket with shards', () => {
  test.each([
    ['the second of the two', 0, [100, 400], 1],
    ['the first of the two', 0.99, [400, 100], 0],
    ['the one that was drawn, when both are as full', 0, [200, 200], 0],
    ['the one that was drawn, when both are as full, also when it is the last', 0.99, [200, 200], 1],
  ])('asks the fuller one: %s', async (_, random, balances, shard) => {
    const { withShards, take, asked } = setUp({ random });
    await withShards(...balances.map((rpm) => ({ rpm })));

    expect((await take({ rpm: 10 })).verdict).toBe('admitted');

    expect(asked).toEqual([shard]);
  });

  test('asks two, and then only one that has what it wants, down to the last token', async () => {
    const { withShards, take, asked, stored } = setUp({ denyTtlMs: 0 });
    await withShards({ rpm: 5 }, { rpm: 5 }, { rpm: 5 }, { rpm: 5 }, { rpm: 200 });

    const taken = await take({ rpm: 200 });

    expect(given(taken)).toEqual([[4, { rpm: 200 }]]);
    expect(asked).toEqual([0, 1, 4]);
    expect(await stored(4)).toEqual({ rpm: 0 });
  });

  test('does not ask any shard alone for more than its share', async () => {
    const { withShards, take, asked } = setUp({ denyTtlMs: 0, limits: ['rpm', 'tpm'] });
    await withShards({ rpm: 500, tpm: 500 }, { rpm: 500, tpm: 500 });

    const taken = await take({ rpm: 1, tpm: 600 });

    expect(given(taken)).toEqual([[0, { rpm: 1, tpm: 500 }], [1, { tpm: 100 }]]);
    expect(asked).toEqual([0, 1]);
  });

  test('is gathered from the fullest first, so that few are asked', async () => {
    const { withShards, take } = setUp({ limits: ['rpm', 'tpm'] });
    await withShards({ rpm: 0, tpm: 60 }, { rpm: 0, tpm: 100 }, { rpm: 0, tpm: 20 }, { rpm: 0, tpm: 250 });

    expect(given(await take({ rpm: 0, tpm: 300 }))).toEqual([[3, { tpm: 250 }], [1, { tpm: 50 }]]);
  });

  test('calls that shard fullest whose shortest limit goes farthest', async () => {
    const { withShards, take } = setUp({ limits: ['rpm', 'tpm'] });
    await withShards({ rpm: 0, tpm: 250 }, { rpm: 50, tpm: 200 }, { rpm: 60, tpm: 60 }, { rpm: 0, tpm: 0 });

    expect(given(await take({ rpm: 100, tpm: 260 }))).toEqual([[1, { rpm: 50, tpm: 200 }], [2, { rpm: 50, tpm: 60 }]]);
  });

  test('gets the last token of all shards together', async () => {
    const { withShards, take } = setUp();
    await withShards({ rpm: 100 }, { rpm: 200 });

    const taken = await take({ rpm: 300 });

    expect(taken.verdict).toBe('admitted');
    expect(given(taken)).toEqual([[1, { rpm: 200 }], [0, { rpm: 100 }]]);
  });

  test('writes nothing when all shards together lack one of its limits', async () => {
    const { withShards, take, asked } = setUp({ limits: ['rpm', 'tpm'] });
    await withShards({ rpm: 500, tpm: 100 }, { rpm: 500, tpm: 100 });

    const { verdict, parts, shards } = await take({ rpm: 1, tpm: 300 });

    expect([verdict, parts, asked]).toEqual(['short', [], []]);
    expect(shards.map((shard) => shard.verdict)).toEqual(['short', 'short']);
  });

  test('is not admitted with one limit gathered and the other not, and gives back what it gathered', async () => {
    const { withShards, take, put, stored } = setUp({ limits: ['rpm', 'tpm'] });
    await withShards({ rpm: 50, tpm: 500 }, { rpm: 50, tpm: 500 });
    await put(1, { rpm: 50, tpm: 100 }, 2); // somebody else took 400

    expect(await take({ rpm: 1, tpm: 900 })).toMatchObject({ verdict: 'short', parts: [] });

    expect([await stored(0), await stored(1)]).toEqual([{ rpm: 50, tpm: 500 }, { rpm: 50, tpm: 100 }]);
  });

  test('is told that there is enough when tokens came back while it gave up', async () => {
    const { withShards, take, put, store } = setUp();
    await withShards({ rpm: 400 }, { rpm: 500 });
    await put(1, { rpm: 300 }, 2); // somebody else took 200
    let writes = 0;
    store.fault = async () => {
      if (++writes === 3) await put(0, { rpm: 200 }, 2); // somebody gives 100 back, and then this one its 300
    };

    expect(await take({ rpm: 800 })).toMatchObject({ verdict: 'scattered', parts: [], shards: [{ verdict: 'scattered' }, { verdict: 'scattered' }] });
  });
});

describe('the number of shards', () => {
  test.each([['fewer', 2, 4], ['more', 8, 8]])('is not lowered by a further shard that says %s than the first', async (_, says, count) => {
    const { bucket, put, take, withShards } = setUp({ random: 0.25 });
    await withShards({ rpm: 250 }, { rpm: 250 }, { rpm: 250 }, { rpm: 250 });
    await put(1, { rpm: 250 }, says);

    await take({ rpm: 1 }); // asks the second

    expect(bucket.standings()).toHaveLength(count);
  });

  test('follows the first, also when an operator joined the shards', async () => {
    const { bucket, put, take, withShards, table } = setUp();
    await withShards({ rpm: 250 }, { rpm: 250 }, { rpm: 250 }, { rpm: 250 });
    await put(0, { rpm: 1000 }, 1);
    await table.deleteMany([1, 2, 3].map(keyOf));

    await take({ rpm: 1 });

    expect(bucket.standings()).toHaveLength(1);
  });

  test('does not follow a shard that is gone, although what it gave goes back there', async () => {
    const { bucket, draw, put, take, withShards } = setUp({ random: 0.5 });
    await withShards({ rpm: 500 }, { rpm: 500 });
    const taken = await take({ rpm: 1 });
    await put(0, { rpm: 1000 }, 1); // an operator joined them, and the second was not deleted yet
    draw.random = 0;
    await take({ rpm: 500 });

    await bucket.giveBack(taken.parts);

    expect(given(taken)).toEqual([[1, { rpm: 1 }]]);
    expect(bucket.standings()).toHaveLength(1);
  });

  test('decides a request that is under way when the shards are joined', async () => {
    const { put, take, withShards, asked } = setUp();
    await withShards({ rpm: 500 }, { rpm: 400 });
    await put(0, { rpm: 0 }, 1);

    const { verdict, shards } = await take({ rpm: 1 });

    expect({ verdict, shards: shards.length, asked }).toEqual({ verdict: 'short', shards: 1, asked: [0] });
  });

  test('shows a request what limits the others have, when the first is short', async () => {
    const { put, take, raise, clock } = setUp();
    clock.advance(1); // what the shards show is newer than the limits that the request knows
    await put(0, { rpm: 10 }, 2);
    await put(1, { rpm: 900 }, 2);
    await raise(0, 2000);
    await raise(1, 2000);

    expect(given(await take({ rpm: 600 }))).toEqual([[1, { rpm: 600 }]]); // more than the half of a thousand
  });

  test('is asked from the first, consistently, before a missing shard is created', async () => {
    const { bucket, put, take, table, stored, store } = setUp({ random: 0.99 });
    await put(0, { rpm: 250 }, 4);
    await take({ rpm: 0 });
    const old = await table.get(keyOf(0));
    await put(0, { rpm: 1000 }, 1); // an operator joined them
    store.get = async (key, options) => (options?.consistent === true ? table.get(key) : old);

    await take({ rpm: 1 });

    expect(await Promise.all([1, 2, 3].map(stored))).toEqual([undefined, undefined, undefined]);
    expect(bucket.standings()).toHaveLength(1);
  });

  test('stays what it was when the first is gone too', async () => {
    const { bucket, put, take, table, stored } = setUp({ random: 0.99 });
    await put(0, { rpm: 250 }, 2);
    await take({ rpm: 0 });
    await table.deleteMany([keyOf(0)]);

    await take({ rpm: 1 });

    expect(bucket.standings()).toHaveLength(2);
    expect(await stored(1)).toEqual({ rpm: 0 });
  });
});

describe('W1: a bucket whose count ran away', () => {
  test('forgets shards that nobody made on purpose, and never the first', async () => {
    const { bucket, put, take, draw } = setUp();
    await put(0, { rpm: 900 }, 4096);
    await take({ rpm: 0 });

    for (let shard = 32; shard < 132; shard++) {
      draw.random = shard / 4096;
      await take({ rpm: 0 });
    }

    expect(bucket.standings()[0]!.state).toMatchObject({ shardCount: 4096 });
  });
});
