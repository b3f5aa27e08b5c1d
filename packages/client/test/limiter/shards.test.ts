import { Limit, type AcquireRequest, type Decision, type LimiterEvents } from '@zae-limiter/client';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import { NAMESPACE, Simulation, type SimulatedProcess } from '../support/simulation';

const limits = [Limit.perMinute('rpm', 1000)];
const request = (rpm: number): AcquireRequest => ({ entity: 'hot', resource: 'api', consume: { rpm }, limits });

const shardOf = ({ key }: ItemUpdate): number => Number(key.pk.slice(key.pk.lastIndexOf('#') + 1));
const allowed = (decisions: readonly Decision[]) => decisions.filter((decision) => decision.allowed).length;

function setUp(options = {}) {
  const simulation = new Simulation();
  const one = simulation.process({ denyTtlMs: 0, ...options });
  const take = (rpm: number, { limiter }: SimulatedProcess = one) => simulation.run(limiter.tryAcquire(request(rpm)));
  const splits: LimiterEvents['shardSplit'][] = [];
  one.limiter.on('shardSplit', (event) => splits.push(event));
  /** Throttles every write to the bucket, until it has this many shards. */
  const throttleUntil = (shards: number) => {
    one.store.fault = async (update) => {
      const isSplit = update.changes.has('shard_count') && update.changes.size === 2;
      return !isSplit && ((await simulation.bucket('hot', 'api'))?.shardCount ?? 1) < shards ? 'throttled' : undefined;
    };
  };
  const setShardCount = (count: number) => simulation.table.update({
    key: { pk: pk.bucket({ namespaceId: NAMESPACE, entity: 'hot', resource: 'api', shard: 0 }), sk: SK.bucket },
    changes: new Map([['shard_count', { set: { N: String(count) } }]]),
    conditions: [],
  });
  return { simulation, one, take, splits, throttleUntil, setShardCount };
}

describe('a bucket that DynamoDB throttles', () => {
  test('W1: is doubled after three throttles within ten seconds at the widest pause, and says so', async () => {
    const { simulation, one, take, splits, throttleUntil } = setUp();
    await take(1);
    throttleUntil(2);

    const outcomes: string[] = [];
    while (splits.length === 0) outcomes.push((await take(1)).outcome);

    expect(splits).toEqual([{ entity: 'hot', resource: 'api', shards: 2 }]);
    expect(outcomes.length).toBeLessThanOrEqual(3);
    expect((await simulation.bucket('hot', 'api'))!.shardCount).toBe(2);
    expect(one.store.updates).toBeLessThanOrEqual(10);
  });

  test('W1: is left alone by a single throttle, by few in a long time, and by its internal counter', async () => {
    const { simulation, one, take, splits } = setUp();
    await take(1);
    for (let at = 0; at < 20; at++) {
      let throttles = 1;
      one.store.fault = () => (throttles-- > 0 ? 'throttled' : undefined);
      expect((await take(1)).outcome).toBe('allowed');
      simulation.clock.advance(6000);
    }

    expect(splits).toEqual([]);
    expect((await simulation.bucket('hot', 'api'))!.shardCount).toBe(1);
  });

  test('W1: never has more than 32 shards', async () => {
    const { simulation, take, throttleUntil } = setUp();
    await take(1);
    throttleUntil(1000);

    for (let at = 0; at < 90; at++) await take(1);

    expect((await simulation.bucket('hot', 'api'))!.shardCount).toBe(32);
  });

  test('is an outage for those whose write was throttled each time, and not for those who wait behind them', async () => {
    const { simulation, one } = setUp();
    await simulation.run(one.limiter.tryAcquire(request(1)));
    let throttles = 2;
    one.store.fault = () => (throttles-- > 0 ? 'throttled' : undefined);

    const decisions = await simulation.run(Promise.all(Array.from({ length: 10 }, () => one.limiter.tryAcquire(request(1)))));

    expect(decisions.filter(({ outcome }) => outcome === 'unavailable').length).toBeLessThanOrEqual(4);
    expect(decisions.at(-1)!.outcome).toBe('allowed');
    expect(await simulation.tokens('hot', 'api', 'rpm')).toBe(1000 - 1 - allowed(decisions));
  });

  test('is written less often, so that more requests share a write', async () => {
    const { simulation, one } = setUp();
    await simulation.run(one.limiter.tryAcquire(request(1)));
    let throttles = 1;
    one.store.fault = () => (throttles-- > 0 ? 'throttled' : undefined);
    await simulation.run(one.limiter.tryAcquire(request(1)));
    const before = one.store.updates;

    const late = async () => {
      await simulation.clock.sleep(5); // comes while the pause lasts
      return one.limiter.tryAcquire(request(1));
    };
    const decisions = await simulation.run(Promise.all([one.limiter.tryAcquire(request(1)), one.limiter.tryAcquire(request(1)), late(), late()]));

    expect(allowed(decisions)).toBe(4);
    expect(one.store.updates - before).toBeLessThanOrEqual(2);
  });
});

describe('a bucket that was split', () => {
  test('W15: gives in total what one bucket would, from the start and over time', async () => {
    const { simulation, take, setShardCount } = setUp();
    await take(400);
    await setShardCount(4);

    let admitted = 400;
    const drain = async () => {
      for (let at = 0; at < 400; at++) if ((await take(10)).allowed) admitted += 10;
    };
    await drain();
    expect(admitted).toBeLessThanOrEqual(1000);
    for (let seconds = 0; seconds < 60; seconds += 6) {
      simulation.clock.advance(6000);
      await drain();
    }

    expect(admitted).toBeLessThanOrEqual(2000);
    expect(admitted).toBeGreaterThanOrEqual(1300); // what the first shard held above its share is lost, and never more
  }, 60_000);

  test('W17: gets shards that are missing from whoever picks them first, empty and with its own keys', async () => {
    const { simulation, take, setShardCount } = setUp({ random: () => 0.99 });
    await take(1);
    await setShardCount(2);
    await take(1);
    await take(600); // too much for one shard: asks both

    const second = (await simulation.bucket('hot', 'api', 1))!;
    expect(second).toMatchObject({ shardCount: 2, refilledAt: simulation.clock.now() });
    expect(second.limits.get('rpm')).toMatchObject({ tokens: 0, capacity: 1_000_000, totalConsumed: 0 });
  });

  test('asks the fuller of two shards', async () => {
    const { simulation, one, take, setShardCount } = setUp();
    await take(900);
    await setShardCount(2);
    await take(1);
    simulation.clock.advance(30_000);
    for (let at = 0; at < 4; at++) await take(1); // both were seen, and both have room
    const asked: number[] = [];
    one.store.fault = (update) => { asked.push(shardOf(update)); };

    const before = await Promise.all([0, 1].map((shard) => simulation.tokens('hot', 'api', 'rpm', shard)));
    await take(1);

    expect(asked).toEqual([before[0]! >= before[1]! ? 0 : 1]);
  });

  test('W14: gathers what no shard has alone, and each part goes back to where it came from', async () => {
    const { simulation, one, take, setShardCount } = setUp();
    await take(1);
    await setShardCount(2);
    await take(1); // learns of the second
    await take(600); // asks both, and creates it
    simulation.clock.advance(60_000);
    const lease = await simulation.run(one.limiter.acquire(request(800)));
    const taken = await Promise.all([0, 1].map((shard) => simulation.tokens('hot', 'api', 'rpm', shard)));

    lease.adjust({ rpm: -100 });
    await simulation.run(lease.flush());
    await simulation.run(lease.rollback());

    expect(taken[0]! + taken[1]!).toBe(200);
    expect(await Promise.all([0, 1].map((shard) => simulation.tokens('hot', 'api', 'rpm', shard)))).toEqual([500, 500]);
  });

  test('gives back what it gathered when it is not enough, or when a shard does not answer', async () => {
    const { simulation, one, take, setShardCount } = setUp();
    await take(1);
    await setShardCount(2);
    await take(1); // learns of the second
    await take(600); // asks both, and creates it
    simulation.clock.advance(60_000);
    const two = simulation.process({ denyTtlMs: 0 });
    await simulation.run(one.limiter.acquire(request(1)));
    await simulation.run(two.limiter.acquire(request(450))); // unseen by the first process
    await simulation.run(two.limiter.acquire(request(450)));

    const decision = await take(900);
    expect(decision.outcome).toBe('limited');
    const left = async () => (await Promise.all([0, 1].map((shard) => simulation.tokens('hot', 'api', 'rpm', shard)))).reduce((sum, tokens) => sum + tokens, 0);
    expect(await left()).toBe(99);

    simulation.clock.advance(60_000);
    const full = await left();
    let writes = 0;
    one.store.fault = () => (++writes === 2 ? 'denied' : undefined);
    expect((await take(900)).outcome).toBe('unavailable');
    one.store.fault = undefined;
    expect(await left()).toBeGreaterThanOrEqual(full);
    expect((await take(900)).outcome).toBe('allowed');
  });

  test('W1: with a count that ran away is served by random shards, up to 32 for a request', async () => {
    const { one, take, setShardCount } = setUp();
    await take(1);
    await setShardCount(4096);

    await take(1);
    const before = one.store.updates;
    await take(1);

    expect(one.store.updates - before).toBeLessThanOrEqual(100);
  });

  test('W1: follows an operator who joined the shards, and makes none again', async () => {
    const { simulation, take, setShardCount } = setUp();
    await take(1);
    await setShardCount(4);
    await take(1);
    simulation.clock.advance(60_000);
    for (let at = 0; at < 10; at++) await take(1);
    await setShardCount(1);
    await simulation.table.transact([1, 2, 3].map((shard) =>
      ({ delete: { pk: pk.bucket({ namespaceId: NAMESPACE, entity: 'hot', resource: 'api', shard }), sk: SK.bucket } })));

    for (let at = 0; at < 20; at++) expect((await take(1)).outcome).toBe('allowed');

    expect(await Promise.all([1, 2, 3].map((shard) => simulation.bucket('hot', 'api', shard)))).toEqual([undefined, undefined, undefined]);
  });
});
