import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { Limit, RateLimiter } from '@zae-limiter/client';
import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { Registry } from '@zae-limiter/client/admin/registry';
import { systemClock } from '@zae-limiter/client/core/clock';
import { MILLI } from '@zae-limiter/client/core/token-bucket';
import { SCHEMA_VERSION } from '@zae-limiter/client/schema/table';
import { USAGE_WINDOWS } from '@zae-limiter/client/schema/usage-item';
import type { Store } from '@zae-limiter/client/store/store';
import { WritePressure } from '../../../lambda-src/aggregator/sharding';
import { readStream } from '../../../tools/stream';
import { PATIENCE_MS } from '../../support/table';
import { DEFAULTS, deliver, usageConfig } from '../support/batch';
import { newTable, type NewTable } from '../support/new-table';
import { usageOf } from '../support/usage';

type Tokens = Readonly<Record<string, number>>;

/** One request and how it ends. */
interface Step {
  readonly entity: number;
  readonly tpm: number;
  readonly end: 'keep' | 'rollback' | 'adjust';
  readonly adjust: number;
}

const ENTITIES = 50;
const ACQUIRES = 20_000;
const PROCESSES = 2;
const CALLERS = 1600;

const anyStep: fc.Arbitrary<Step> = fc.record({
  entity: fc.nat(ENTITIES - 1),
  tpm: fc.integer({ min: 0, max: 2000 }),
  end: fc.constantFrom('keep' as const, 'keep' as const, 'keep' as const, 'rollback' as const, 'adjust' as const),
  adjust: fc.integer({ min: -2000, max: 2000 }).filter((tokens) => tokens !== 0),
});

/** A random source that is the same in every run. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_517 + 12_345) % 2 ** 31; // of full period, and exact in a double
    return Math.floor((state / 2 ** 31) * below);
  };
}

/** A limiter in a table of its own with a stream, and what reads that. */
async function setUp() {
  const table = await newTable({ stream: true });
  const registry = new Registry(table.store, systemClock);
  await registry.recordVersion(SCHEMA_VERSION, 'test');
  await registry.registerNamespace('default');
  const limiters = await Promise.all(Array.from({ length: PROCESSES }, () =>
    RateLimiter.open({ stack: table.name, namespace: 'default', client: table.client, timeoutMs: PATIENCE_MS })));
  await limiters[0]!.admin.limits.set([Limit.perMinute('rpm', 10_000_000), Limit.perMinute('tpm', 1_000_000_000)]);
  const streams = new DynamoDBStreamsClient({ endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB });
  const bucketRecords = async () => (await readStream(streams, table.name)).filter(({ dynamodb }) => dynamodb!.Keys!.SK!.S === '#STATE');
  return { table, limiters, bucketRecords };
}

/** Does work with some callers at a time, each as soon as it is free. */
async function inParallel<T>(items: readonly T[], callers: number, work: (item: T, caller: number) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  await Promise.all(Array.from({ length: callers }, async (_, caller) => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value, caller);
  }));
}

/** What was consumed and how often, by entity. */
class Ledger {
  readonly entries = new Map<string, { tokens: Record<string, number>; requests: number }>();

  book(entity: string, tokens: Tokens, requests: number): void {
    const entry = this.entries.get(entity) ?? { tokens: {}, requests: 0 };
    for (const [limit, amount] of Object.entries(tokens)) entry.tokens[limit] = (entry.tokens[limit] ?? 0) + amount;
    entry.requests += requests;
    this.entries.set(entity, entry);
  }
}

/** The function is killed at some write, which may have taken effect: nothing that it says afterwards is heard. */
function mortal(store: Store, writes: number, random: (below: number) => number): Store {
  let left = writes;
  return Object.assign(Object.create(store) as Store, {
    async update(...args: Parameters<Store['update']>) {
      if (--left > 0) return store.update(...args);
      if (left === 0 && random(2) === 0) await store.update(...args);
      throw new Error('killed');
    },
  });
}

describe('a table under load', () => {
  let set: Awaited<ReturnType<typeof setUp>>;
  beforeAll(async () => {
    set = await setUp();
  });
  afterAll(() => set.table.client.destroy());

  test(`F-05 to F-09, F-38: ${ACQUIRES} requests are usage to the token, however their stream is cut, repeated, reordered and dropped`, async () => {
    const { table, limiters, bucketRecords } = set;
    const ledger = new Ledger();
    const steps = fc.sample(anyStep, { numRuns: ACQUIRES, seed: 20_300_305 });
    await inParallel(steps, CALLERS, async ({ entity: number, tpm, end, adjust }, caller) => {
      const entity = `user-${number}`;
      const lease = await limiters[caller % PROCESSES]!.acquire({ entity, resource: 'v1/chat', consume: { rpm: 1, tpm } });
      ledger.book(entity, end === 'rollback' ? {} : { rpm: 1, tpm: end === 'adjust' ? tpm + adjust : tpm }, 1);
      if (end === 'rollback') return lease.rollback();
      if (end === 'adjust') lease.adjust({ tpm: adjust });
      return lease.commit();
    });

    const records = await bucketRecords();
    const { accidents, cutShort } = await deliverAtRandom(records, table);

    expect([...accidents].sort()).toEqual(['again', 'halves', 'killed', 'none', 'tail']);
    expect(cutShort).toBeGreaterThan(0);
    for (const entity of Array.from({ length: ENTITIES }, (_, number) => `user-${number}`)) {
      const usage = await usageOf(limiters[0]!.admin.usage, { entity });
      const { tokens, requests } = ledger.entries.get(entity)!;
      for (const window of USAGE_WINDOWS) {
        const own = usage.filter((one) => one.window === window);
        const sum = (of: (one: (typeof own)[number]) => number): number => own.reduce((total, one) => total + of(one), 0);
        expect({ entity, window, rpm: sum(({ counters }) => counters.rpm ?? 0), tpm: sum(({ counters }) => counters.tpm ?? 0) })
          .toEqual({ entity, window, rpm: tokens.rpm, tpm: tokens.tpm });
        expect(sum(({ totalEvents }) => totalEvents)).toBe(requests);
      }
    }
    const millitokens = records.reduce((sum, { dynamodb }) => sum
      + Number(dynamodb!.NewImage!.b_rpm_tc!.N) - Number(dynamodb!.OldImage?.b_rpm_tc?.N ?? 0), 0);
    expect(millitokens / MILLI).toBe([...ledger.entries.values()].reduce((sum, { tokens }) => sum + tokens.rpm!, 0));
  }, 600_000);

  /**
   * Delivers records as a Lambda mapping does at its worst: some shards of a stream, each in order, their batches mixed; some
   * batches again, in halves, from the middle on, and some after the function was killed amid the work.
   */
  async function deliverAtRandom(records: readonly DynamoDBRecord[], { store }: NewTable): Promise<{ accidents: Set<string>; cutShort: number }> {
    const random = randomOf(42);
    const shards = [0, 1, 2, 3].map(() => [] as DynamoDBRecord[]);
    const placed = new Map<string, DynamoDBRecord[]>();
    for (const record of records) {
      const bucket = record.dynamodb!.Keys!.PK!.S!;
      const shard = placed.get(bucket) ?? shards[random(shards.length)]!;
      placed.set(bucket, shard);
      shard.push(record);
    }
    const config = { ...DEFAULTS, usage: usageConfig({ windows: USAGE_WINDOWS }) };
    const pressure = new WritePressure(config.sharding);
    const accidents = new Set<string>();
    let cutShort = 0; // deliveries that left work undone
    const send = (batch: readonly DynamoDBRecord[], through: Store = store) => deliver(batch, through, config, { pressure });
    for (let open = shards; open.length > 0; open = open.filter((shard) => shard.length > 0)) {
      const shard = open[random(open.length)]!;
      const batch = shard.splice(0, 1 + random(400));
      const cut = random(batch.length);
      const accident = ['none', 'none', 'again', 'halves', 'tail', 'killed', 'killed'][random(7)]!;
      accidents.add(accident);
      if (accident === 'killed' && (await send(batch, mortal(store, 1 + random(60), random))).failures.length > 0) cutShort++;
      if (accident === 'halves') await send(batch.slice(0, cut));
      if (accident === 'again') await send(batch);
      expect(await send(batch)).toMatchObject({ poison: 0, failures: [] });
      if (accident === 'tail') await send(batch.slice(cut));
    }
    return { accidents, cutShort };
  }

  test('of 1000 requests a second on 10 entities costs the aggregator at most 0.05 write units a request', async () => {
    const { table, limiters, bucketRecords } = set;
    const requests = 2000; // of two seconds
    const entities = Array.from({ length: 10 }, (_, number) => `cost-${number}`);
    // One request after the other on each entity, so that none shares its write with another: the stream is as long as it can be.
    const requestsOfEach = (count: number) => inParallel(entities, entities.length, async (entity) => {
      for (let request = 0; request < count; request++) await limiters[0]!.acquire({ entity, resource: 'v1/chat', consume: { rpm: 1, tpm: 500 } });
    });
    await requestsOfEach(1);
    const seen = await bucketRecords();
    await deliver(seen, table.store, DEFAULTS); // the snapshots of this hour and day are there, as they are but once an hour
    await requestsOfEach(requests / entities.length);
    const records = (await bucketRecords()).slice(seen.length);
    expect(records.length).toBeGreaterThanOrEqual(requests);
    table.meter.take();

    const batchSize = 1000; // the default of the event source mapping
    for (let start = 0; start < records.length; start += batchSize) {
      expect(await deliver(records.slice(start, start + batchSize), table.store, DEFAULTS)).toMatchObject({ failures: [] });
    }

    const { writeUnits, refused } = table.meter.take();
    const perRequest = (writeUnits + refused) / requests; // a refused write is billed as one, which DynamoDB Local leaves out
    process.stdout.write(`write units of the aggregator a request: ${perRequest.toFixed(4)} (${records.length} records in batches of ${batchSize})\n`);
    expect(perRequest).toBeLessThanOrEqual(0.05);
  }, 120_000);
});
