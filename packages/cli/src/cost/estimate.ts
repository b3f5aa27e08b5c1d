import type { MeasuredWrites } from './measure.js';
import type { Prices } from './prices.js';

/** What is limited, and how much. */
export interface Workload {
  /** Requests per second that reach DynamoDB, on average. */
  readonly rps: number;
  /** Part of the requests whose parent is charged too, 0 to 1. */
  readonly cascade: number;
  /** Part of the requests that are corrected afterwards, 0 to 1. */
  readonly corrected: number;
  /** Pairs of entity and resource that are in use. */
  readonly entities: number;
  /** Lengths of windows that the aggregator counts; 0 without an aggregator. */
  readonly windows: number;
}

export interface CostItem {
  readonly part: string;
  /** Units per month. */
  readonly amount: number;
  readonly unit: string;
  /** US dollars per month. */
  readonly usd: number;
}

/** Seconds of a month of 730 hours, as AWS counts. */
const MONTH = 730 * 3600;
const MILLION = 1e6;
const GIGABYTE = 1e9;

/** The aggregator as the construct sets it up, and how long a batch takes it. */
export const AGGREGATOR = { batchSize: 1000, batchWindowSeconds: 5, memoryGigabytes: 0.25, secondsPerBatch: 0.5 } as const;
/** A snapshot's item and its entry in the index of the resource. */
const UNITS_PER_SNAPSHOT = 2;

/** What a workload costs in a month. An estimate: it leaves out what costs little, such as reads of limits once a minute. */
export function estimate({ rps, cascade, corrected, entities, windows }: Workload, writes: MeasuredWrites, prices: Prices): CostItem[] {
  const { dynamodb, lambda } = prices;
  const requests = rps * ((1 - cascade) * writes.request + cascade * writes.cascading);
  const corrections = rps * corrected * (1 + cascade) * writes.correction;
  const writeCost = (part: string, perSecond: number): CostItem =>
    ({ part, amount: perSecond * MONTH, unit: 'write units', usd: (perSecond * MONTH / MILLION) * dynamodb.millionWriteUnits });
  const stored = entities * writes.bucketBytes / GIGABYTE;
  const buckets: CostItem[] = [
    writeCost('Requests', requests),
    writeCost('Corrections', corrections),
    { part: 'Buckets stored', amount: stored, unit: 'GB', usd: stored * dynamodb.gigabyteMonth },
  ];
  if (windows === 0) return buckets;
  const records = rps * (1 + cascade) * (1 + corrected);
  const batches = Math.min(records, Math.max(records / AGGREGATOR.batchSize, 1 / AGGREGATOR.batchWindowSeconds));
  const perBatch = batches === 0 ? 0 : records / batches;
  const snapshots = batches * distinct(entities, perBatch) * windows;
  const seconds = batches * MONTH * AGGREGATOR.secondsPerBatch * AGGREGATOR.memoryGigabytes;
  return [
    ...buckets,
    writeCost('Usage', snapshots * UNITS_PER_SNAPSHOT),
    { part: 'Aggregator calls', amount: batches * MONTH, unit: 'requests', usd: (batches * MONTH / MILLION) * lambda.millionRequests },
    { part: 'Aggregator time', amount: seconds, unit: 'GB-seconds', usd: seconds * lambda.gigabyteSecondArm },
  ];
}

/** Entities that so many records of a batch are likely to be of, when all are as busy. Records of one are counted together. */
const distinct = (entities: number, records: number): number => entities * (1 - (1 - 1 / entities) ** records);
