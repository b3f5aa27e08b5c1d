import { Limit } from '@zae-limiter/client';
import type { DynamoDBRecord } from 'aws-lambda';
import type { BucketKey } from '@zae-limiter/client/core/bucket';
import { plan, type CreatePlan } from '@zae-limiter/client/core/plan';
import { int, readWhole, type Item } from '@zae-limiter/client/schema/attributes';
import { bucketKey, bucketTarget, createUpdate } from '@zae-limiter/client/schema/bucket-item';
import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import { MemoryStore } from '@zae-limiter/client/store/memory-store';
import type { UpdateOutcome } from '@zae-limiter/client/store/store';
import { FakeClock } from '@zae-limiter/client/testing';
import { WritePressure } from '../../../lambda-src/aggregator/sharding';
import { DEFAULTS, deliver } from '../support/batch';
import { sequenceNumber } from '../support/bucket-record';

/** A table in memory that streams its changes, as DynamoDB does. */
class StreamingStore extends MemoryStore {
  readonly stream: DynamoDBRecord[] = [];
  private position = 0;

  constructor(private readonly clock: FakeClock) {
    super();
  }

  override async update(update: ItemUpdate): Promise<UpdateOutcome> {
    const before = await this.get(update.key);
    const outcome = await super.update(update);
    if (outcome.applied && update.key.sk === '#STATE') this.stream.push(this.record(before, outcome.item));
    return outcome;
  }

  private record(before: Item | undefined, after: Item): DynamoDBRecord {
    return {
      eventName: before === undefined ? 'INSERT' : 'MODIFY',
      eventSourceARN: 'arn:aws:dynamodb:us-east-1:1:table/t/stream/2030-01-01T00:00:00.000',
      dynamodb: {
        Keys: { PK: after.PK, SK: after.SK }, OldImage: before, NewImage: after,
        SequenceNumber: sequenceNumber(this.position++), ApproximateCreationDateTime: Math.floor(this.clock.now() / 1000),
      },
    } as unknown as DynamoDBRecord;
  }
}

const BUCKET: BucketKey = { namespaceId: 'ns1', entity: 'user-1', resource: 'gpt-4', shard: 0 };
const LIMITS = bucketTarget([Limit.perSecond('rps', 1_000_000)], false);

/** A bucket that is written at a steady rate, and the functions that watch over it. */
class Soak {
  readonly clock = new FakeClock();
  readonly store = new StreamingStore(this.clock);
  /** Shards of a stream are read by instances of the function that know nothing of each other. */
  private readonly instances = [0, 1].map(() => new WritePressure(DEFAULTS.sharding));
  readonly counts: number[] = [];

  async create(): Promise<void> {
    const created = plan(null, LIMITS, new Map(), this.clock.now(), { index: 0, count: 1 }) as CreatePlan;
    await this.store.update(createUpdate(BUCKET, created, { cascade: false, parentId: undefined }, 0));
  }

  async shardCount(): Promise<number> {
    return readWhole((await this.store.get(bucketKey(BUCKET)))!, 'shard_count')!;
  }

  /** Some seconds of writes, spread over all shards that are there, then the batches that the stream makes of them. */
  async run(seconds: number, writesPerSecond: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      const shards = await this.shardCount();
      for (let shard = 0; shard < shards; shard++) await this.write(shard, Math.round(writesPerSecond / shards));
      this.clock.advance(1000);
    }
    const records = this.store.stream.splice(0);
    for (const [instance, pressure] of this.instances.entries()) {
      const own = records.filter(({ dynamodb }) => Number(dynamodb!.Keys!.PK!.S!.split('#').at(-1)) % 2 === instance);
      expect(await deliver(own, this.store, DEFAULTS, { pressure, clock: this.clock })).toMatchObject({ failures: [], poison: 0 });
    }
    this.counts.push(await this.shardCount());
  }

  /** As many writes as one takes that adds as much to the counters. */
  private async write(shard: number, writes: number): Promise<void> {
    await this.store.update({
      key: bucketKey({ ...BUCKET, shard }), conditions: [{ exists: 'rf' }],
      changes: new Map([['b_wcu_tc', { add: writes * 1000 }], ['b_rps_tc', { add: writes * 1000 }], ['x_op', { set: int(this.clock.now()) }]]),
    });
  }
}

describe('the number of shards, over time', () => {
  test.each([1500, 1700])('F-04: ends at 2 or 4 under %d writes a second on one bucket, and stays there', async (rate) => {
    const soak = new Soak();
    await soak.create();

    for (let batch = 0; batch < 120; batch++) await soak.run(5, rate); // 10 minutes

    const settled = soak.counts.slice(24); // after 2 minutes
    expect([2, 4]).toContain(settled[0]);
    expect(new Set(settled).size).toBe(1);
  });

  test('F-04: stays at 1 under 1 write a second, for an hour', async () => {
    const soak = new Soak();
    await soak.create();

    for (let batch = 0; batch < 720; batch++) await soak.run(5, 1);

    expect(new Set(soak.counts)).toEqual(new Set([1]));
  });

  test('F-04: grows to what 12 000 writes a second need, and never beyond twice that', async () => {
    const soak = new Soak();
    await soak.create();

    for (let batch = 0; batch < 120; batch++) await soak.run(5, 12_000);

    expect([16, 32]).toContain(soak.counts.at(-1));
    expect(new Set(soak.counts.slice(60)).size).toBe(1);
  });

  test('follows a burst only when it lasts', async () => {
    const soak = new Soak();
    await soak.create();

    await soak.run(5, 900);
    await soak.run(5, 10);
    await soak.run(5, 900);

    expect(soak.counts).toEqual([1, 1, 1]);
  });
});
