import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { Limit, RateLimiter, UsageAdmin, type UsageWindow } from '@zae-limiter/client';
import type { DynamoDBRecord } from 'aws-lambda';
import fc from 'fast-check';
import { pk } from '@zae-limiter/client/schema/keys';
import { USAGE_WINDOWS } from '@zae-limiter/client/schema/usage-item';
import { DynamoDbStore } from '@zae-limiter/client/store/dynamodb/dynamodb-store';
import { readStream } from '../../../tools/stream';
import { connectTestTable, type TestTable } from '../../support/table';
import { deliver, usageOnly } from '../support/batch';
import { AT } from '../support/bucket-record';
import { usageOf } from '../support/usage';

type Tokens = Readonly<Record<string, number>>;

/** One request and how it ends. */
interface Step {
  readonly entity: string;
  readonly resource: string;
  readonly take: Tokens;
  readonly end: 'keep' | 'rollback' | { readonly adjust: Tokens };
}

/** What one write to a bucket consumed. */
interface Write {
  readonly bucket: string;
  readonly entity: string;
  readonly resource: string;
  readonly consumed: Tokens;
  /** Requests that it admitted; a correction admits none. */
  readonly requests: number;
}

/** A write as the stream tells of it. */
interface Recorded extends Write {
  readonly record: DynamoDBRecord;
}

const ENTITIES = ['user-1', 'user-2', 'user-3'];

const anyStep: fc.Arbitrary<Step> = fc.record({
  entity: fc.constantFrom(...ENTITIES),
  resource: fc.constantFrom('gpt-4', 'v1/chat'),
  take: fc.record({ rpm: fc.integer({ min: 0, max: 3 }), tpm: fc.integer({ min: 0, max: 5000 }) }, { requiredKeys: ['rpm'] }),
  end: fc.oneof(
    fc.constantFrom('keep' as const, 'rollback' as const),
    fc.record({ adjust: fc.record({ tpm: fc.integer({ min: -5000, max: 5000 }) }) }),
  ),
});

const STEPS = fc.sample(fc.array(anyStep, { minLength: 40, maxLength: 40 }), { seed: 20_300_305, numRuns: 1 })[0]!;

/** Only what moves. */
const moving = (tokens: Tokens, sign: 1 | -1 = 1): Tokens =>
  Object.fromEntries(Object.entries(tokens).filter(([, amount]) => amount !== 0).map(([limit, amount]) => [limit, sign * amount]));

/** Carries steps out, and keeps a book of what each write consumed. */
async function carryOut(limiter: RateLimiter, namespaceId: string, steps: readonly Step[]): Promise<Write[]> {
  const writes: Write[] = [];
  for (const { entity, resource, take, end } of steps) {
    const bucket = pk.bucket({ namespaceId, entity, resource, shard: 0 });
    const book = (consumed: Tokens, requests: number): unknown => writes.push({ bucket, entity, resource, consumed, requests });
    const lease = await limiter.acquire({ entity, resource, consume: take });
    book(moving(take), 1); // written even when nothing moves
    if (end === 'keep') continue;
    const rest = end === 'rollback' ? moving(take, -1) : moving(end.adjust);
    if (end === 'rollback') {
      await lease.rollback();
    } else {
      lease.adjust(end.adjust);
      await lease.commit();
    }
    if (Object.keys(rest).length > 0) book(rest, 0);
  }
  return writes;
}

/** Pairs the records of a stream with the writes that made them: within a bucket both are in the same order. */
function pair(records: readonly DynamoDBRecord[], writes: readonly Write[]): Recorded[] {
  const booked = new Map<string, Write[]>();
  for (const write of writes) booked.set(write.bucket, [...booked.get(write.bucket) ?? [], write]);
  return records.map((record) => ({ record, ...booked.get(record.dynamodb!.Keys!.PK!.S!)!.shift()! }));
}

/** The same change in another namespace, at another time. */
function moved({ record, ...write }: Recorded, namespaceId: string, at: number): Recorded {
  const PK = { S: write.bucket.replace(/^[^/]*/, namespaceId) };
  const dynamodb = { ...record.dynamodb, Keys: { ...record.dynamodb!.Keys, PK }, ApproximateCreationDateTime: at };
  return { ...write, record: { ...record, dynamodb } };
}

const STARTS: Record<UsageWindow, (iso: string) => string> = {
  hourly: (iso) => `${iso.slice(0, 13)}:00:00Z`,
  daily: (iso) => `${iso.slice(0, 10)}T00:00:00Z`,
  monthly: (iso) => `${iso.slice(0, 7)}-01T00:00:00Z`,
};

/** Usage of an entity as it must be, as lines of text. */
function expectedUsage(recorded: readonly Recorded[], entity: string): string[] {
  const usage = new Map<string, { counters: Record<string, number>; events: number }>();
  for (const { resource, consumed, requests, record } of recorded.filter((one) => one.entity === entity && Object.keys(one.consumed).length > 0)) {
    const iso = new Date(record.dynamodb!.ApproximateCreationDateTime! * 1000).toISOString();
    for (const window of USAGE_WINDOWS) {
      const id = `${resource} ${window} ${STARTS[window](iso)}`;
      const { counters, events } = usage.get(id) ?? { counters: {}, events: 0 };
      for (const [limit, amount] of Object.entries(consumed)) counters[limit] = (counters[limit] ?? 0) + amount;
      usage.set(id, { counters, events: events + requests });
    }
  }
  return [...usage].map(([id, { counters, events }]) => `${id}: ${shown(counters)} in ${events}`).sort();
}

/** Usage of an entity as an operator sees it, as lines of text. */
async function actualUsage(usage: UsageAdmin, entity: string): Promise<string[]> {
  return (await usageOf(usage, { entity })).map(({ resource, window, windowStart, counters, totalEvents }) =>
    `${resource} ${window} ${windowStart}: ${shown(counters)} in ${totalEvents}`).sort();
}

const shown = (counters: Tokens): string => Object.entries(counters).sort().map(([limit, amount]) => `${limit}=${amount}`).join(' ');

describe('the stream of a table in use', () => {
  let table: TestTable;
  let recorded: readonly Recorded[];
  let limiter: RateLimiter;
  let store: DynamoDbStore;
  const timeoutMs = 60_000; // a busy machine must not change what is counted
  beforeAll(async () => {
    table = await connectTestTable();
    store = new DynamoDbStore(table.client, table.name, { timeoutMs });
    limiter = await RateLimiter.open({ stack: process.env.TEST_TABLE, namespace: table.namespace, client: table.client, timeoutMs });
    await limiter.admin.limits.set([Limit.perMinute('rpm', 1_000_000), Limit.perMinute('tpm', 1_000_000_000)]);
    const writes = await carryOut(limiter, table.namespaceId, STEPS);

    const streams = new DynamoDBStreamsClient({ endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB });
    const records = (await readStream(streams, table.name))
      .filter(({ dynamodb }) => dynamodb!.Keys!.PK!.S!.startsWith(`${table.namespaceId}/BUCKET#`));
    streams.destroy();
    expect(records).toHaveLength(writes.length);
    recorded = pair(records, writes);
  });
  afterAll(() => table.client.destroy());

  const deliverAll = (batch: readonly Recorded[]) => deliver(batch.map(({ record }) => record), store, usageOnly({ windows: USAGE_WINDOWS }));

  test('F-08, W19: everything that was consumed is usage, from the first request of a bucket on', async () => {
    expect(recorded.filter(({ record }) => record.eventName === 'INSERT')).toHaveLength(new Set(recorded.map(({ bucket }) => bucket)).size);

    const { processed, poison, failures } = await deliverAll(recorded);

    expect({ processed, poison, failures }).toEqual({ processed: recorded.length, poison: 0, failures: [] });
    for (const entity of ENTITIES) {
      const expected = expectedUsage(recorded, entity);
      expect(expected).not.toEqual([]);
      expect(await actualUsage(limiter.admin.usage, entity)).toEqual(expected);
    }
  });

  // What Lambda may do with a batch that failed: deliver it again as it was, in two halves, or from some record on.
  const anyDelivery = fc.record({
    size: fc.integer({ min: 1, max: 25 }),
    again: fc.constantFrom('never' as const, 'whole' as const, 'halves' as const, 'tail' as const),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const anyGap = fc.constantFrom(0, 1, 600, 3600, 7 * 3600);

  test('F-05, F-06, F-07, W18: usage is exact in every window, however the stream is cut and repeated', async () => {
    let runs = 0;
    await fc.assert(fc.asyncProperty(fc.array(anyDelivery, { maxLength: 10 }), fc.array(anyGap, { minLength: 1 }), async (deliveries, gaps) => {
      const namespaceId = `${table.namespaceId}-${runs++}`;
      let at = AT;
      const records = recorded.map((one, position) => moved(one, namespaceId, at += gaps[position % gaps.length]!));

      let position = 0;
      for (const { size, again, from } of [...deliveries, { size: Infinity, again: 'whole' as const, from: 0 }]) {
        const batch = records.slice(position, position + size);
        const cut = Math.floor(batch.length * from);
        const parts = { never: [], whole: [batch], halves: [batch.slice(0, cut), batch.slice(cut)], tail: [batch.slice(cut)] }[again];
        for (const part of [batch, ...parts]) expect(await deliverAll(part)).toMatchObject({ poison: 0, failures: [] });
        position += size;
      }

      const usage = new UsageAdmin(store, namespaceId);
      for (const entity of ENTITIES) expect(await actualUsage(usage, entity)).toEqual(expectedUsage(records, entity));
    }), { numRuns: 8 });
  }, 240_000);
});
