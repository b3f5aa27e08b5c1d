import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { RateLimiter } from '@zae-limiter/client';
import { systemClock } from '@zae-limiter/client/core/clock';
import { DynamoDbStore } from '@zae-limiter/client/store/dynamodb/dynamodb-store';
import { CapacityMeter } from '@zae-limiter/client/testing';
import type { DynamoDBRecord } from 'aws-lambda';
import { MeteringProxy } from '../../examples/demo/metering-proxy';
import { processBatch } from '../../lambda-src/aggregator/process-batch';
import { readSettings } from '../../lambda-src/aggregator/settings';
import { WritePressure } from '../../lambda-src/aggregator/sharding';
import { Logger } from '../../lambda-src/shared/logger';
import { measurePaths, type PathCost } from '../../packages/client/test/support/cost-paths';
import { readStream } from '../../tools/stream';
import { ampleLimits } from '../limits';
import type { Load } from '../load';
import { SubjectProcess } from '../subject-process';
import { CONSUME, RESOURCES, type Environment } from '../subjects/subject';
import { LIMITS } from './growth';

const PATIENCE_MS = 60_000;

/** What the aggregator adds to the writes of requests. */
export interface AggregatorCost {
  readonly situation: string;
  readonly acquires: number;
  readonly writeUnitsPerAcquire: number;
  readonly readUnitsPerAcquire: number;
}

/** A request of a peer, on average. */
export interface PeerCost {
  readonly subject: string;
  readonly path: string;
  readonly calls: number;
  readonly roundTrips: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

/** A request for a known bucket with so many limits. */
export interface LimitsCost {
  readonly limits: number;
  readonly writeUnits: number;
}

export interface CostResult {
  readonly ours: Readonly<Record<string, PathCost>>;
  readonly peers: readonly PeerCost[];
  readonly aggregator: readonly AggregatorCost[];
  readonly growth: readonly LimitsCost[];
}

/** Paths of the peers, by the name that their subject has for it. */
const PEER_PATHS: readonly (readonly [subject: string, name: string])[] = [
  ['rate-limiter-flexible', 'tryAcquire'], ['rate-limiter-flexible', 'first of a bucket'], ['rate-limiter-flexible', 'refusal by the bucket'],
  ['python', 'tryAcquire'], ['python', 'acquire and correct'], ['python', 'cascade'], ['python', 'first of a bucket'], ['python', 'refill'],
  ['python', 'refusal from memory'],
];

export async function measureCosts(environment: Environment, endpoint: string): Promise<CostResult> {
  const client = new DynamoDBClient({ endpoint });
  const meter = new CapacityMeter(client);
  const store = new DynamoDbStore(client, environment.table, { timeoutMs: PATIENCE_MS });
  const ours = await measurePaths({ store, meter, namespaceId: environment.namespaceId });
  const aggregator = [
    await measureAggregator('a batch with one request for each of its buckets', environment, endpoint, { buckets: 100, callers: 1, requests: 1 }),
    await measureAggregator('a batch with 100 requests for one bucket', environment, endpoint, { buckets: 1, callers: 1, requests: 100 }),
    await measureAggregator('256 requests at a time for one bucket', environment, endpoint, { buckets: 1, callers: 256, requests: 20 }),
  ];
  const growth = await measureGrowth(environment, store, meter);
  client.destroy();
  return { ours, peers: await measurePeers(environment, endpoint), aggregator, growth };
}

/** What a request writes as its bucket gets more limits. */
async function measureGrowth({ namespaceId }: Environment, store: DynamoDbStore, meter: CapacityMeter): Promise<LimitsCost[]> {
  const limiter = new RateLimiter({ store, namespaceId });
  const costs: LimitsCost[] = [];
  for (const count of LIMITS) {
    const limits = ampleLimits(Array.from({ length: count }, (_, at) => `limit-${at}`));
    const consume = Object.fromEntries(limits.map(({ name }) => [name, 1]));
    const request = { entity: `grown-${count}`, resource: 'grown', limits, consume };
    await limiter.acquire(request);
    meter.take();
    await limiter.acquire(request);
    costs.push({ limits: count, writeUnits: meter.take().writeUnits });
  }
  return costs;
}

async function measurePeers(environment: Environment, endpoint: string): Promise<PeerCost[]> {
  const proxy = await MeteringProxy.start(endpoint);
  const costs: PeerCost[] = [];
  const processes = new Map<string, SubjectProcess>();
  try {
    for (const [subject, name] of PEER_PATHS) {
      const process = processes.get(subject) ?? new SubjectProcess(subject, environment, { AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint });
      processes.set(subject, process);
      const load: Load = { name, keys: 1, callers: 1, ms: 100, warmUpMs: 0 };
      await process.measure(load); // connects, reads limits, creates the bucket
      proxy.take();
      const { operations } = await process.measure({ ...load, metered: true });
      const { calls, roundTrips, writeUnits, readUnits, refused } = proxy.take();
      const each = (total: number): number => Math.round((total / operations) * 100) / 100;
      costs.push({
        subject, path: name, calls: each(calls.length), roundTrips: each(roundTrips),
        writeUnits: each(writeUnits + refused), readUnits: each(readUnits),
      });
    }
  } finally {
    for (const process of processes.values()) process.stop();
    await proxy.stop();
  }
  return costs;
}

interface Taking {
  readonly buckets: number;
  readonly callers: number;
  /** Requests of each caller for each bucket. */
  readonly requests: number;
}

/** Most records that Lambda hands over at a time, as the construct configures it. */
const BATCH_SIZE = 1000;

/** Takes from buckets that are there, and gives what the stream says of it to the aggregator, as Lambda would. */
async function measureAggregator(
  situation: string, { table, namespace, namespaceId }: Environment, endpoint: string, { buckets, callers, requests }: Taking,
): Promise<AggregatorCost> {
  const prefix = `aggregated-${buckets}-${callers}`;
  const client = new DynamoDBClient({ endpoint });
  const streams = new DynamoDBStreamsClient({ endpoint });
  const limiter = await RateLimiter.open({ stack: table, namespace, client, timeoutMs: PATIENCE_MS });
  const acquireAll = async (): Promise<void> => {
    for (let bucket = 0; bucket < buckets; bucket++) {
      await limiter.acquire({ entity: `${prefix}-${bucket}`, resource: RESOURCES.ample, consume: CONSUME });
    }
  };
  const ofBuckets = ({ dynamodb }: DynamoDBRecord): boolean => dynamodb!.Keys!.PK!.S!.startsWith(`${namespaceId}/BUCKET#${prefix}-`);
  const config = readSettings({});
  const tools = {
    store: new DynamoDbStore(client, table, { timeoutMs: PATIENCE_MS }), logger: new Logger('aggregator', { level: 'ERROR' }),
    clock: systemClock, pressure: new WritePressure(config.sharding),
  };
  let seen = 0;
  const aggregate = async (): Promise<void> => {
    const records = (await readStream(streams, table)).filter(ofBuckets).slice(seen);
    seen += records.length;
    for (let at = 0; at < records.length; at += BATCH_SIZE) await processBatch(records.slice(at, at + BATCH_SIZE), tools, config);
  };
  await acquireAll();
  await aggregate(); // the buckets and their snapshots are new: that is paid once
  const meter = new CapacityMeter(client);
  await Promise.all(Array.from({ length: callers }, async () => {
    for (let request = 0; request < requests; request++) await acquireAll();
  }));
  meter.take();
  await aggregate();
  const { writeUnits, readUnits, refused } = meter.take();
  client.destroy();
  streams.destroy();
  const acquires = buckets * requests * callers;
  const each = (total: number): number => Math.round((total / acquires) * 10_000) / 10_000;
  return { situation, acquires, writeUnitsPerAcquire: each(writeUnits + refused), readUnitsPerAcquire: each(readUnits) };
}
