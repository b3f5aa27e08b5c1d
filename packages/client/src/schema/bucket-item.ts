import type { Amounts, BucketKey, BucketState, BucketTarget, StoredLimit, TargetLimit } from '../core/bucket.js';
import { WCU_LIMIT } from '../core/identifiers.js';
import type { Limit } from '../core/limit.js';
import type { CreatePlan, LimitRefill, RefillPlan, TakePlan } from '../core/plan.js';
import { MILLI } from '../core/token-bucket.js';
import { bool, int, readBool, readNumber, readText, readWhole, text, type Item } from './attributes.js';
import { BUCKET_ATTRIBUTE_PREFIX, bucketAttribute, gsi, pk, SK, type BucketField, type PrimaryKey } from './keys.js';
import { GSI2, GSI3, GSI4, indexKeys, TTL_ATTRIBUTE } from './table.js';
import { setAll, type Change, type Condition, type ItemUpdate } from './update.js';

/** Attributes of a bucket that are not per limit. */
export const BUCKET = {
  entity: 'entity_id',
  resource: 'resource',
  refilledAt: 'rf',
  shardCount: 'shard_count',
  cascade: 'cascade',
  parent: 'parent_id',
  /** Id of the last write of this client. Python clients leave it alone. */
  operation: 'x_op',
  /** Requests that were admitted since the bucket was created. */
  acquires: 'x_ev',
} as const;

/** Python clients gate their writes by this limit; ours keep it full for them and never look at it. */
const WCU: TargetLimit = { capacity: 1000 * MILLI, refillAmount: 1000 * MILLI, refillPeriodMs: 1000 };

const TOKENS_SUFFIX = '_tk';

/**
 * Reads a bucket item. Unknown attributes are ignored, missing and unreadable parameters read as 0.
 *
 * Never throws: a balance with a fraction, which an older client could write, is cut and marked, so that the next write
 * repairs it (W26).
 */
export function parseBucket(item: Item): BucketState {
  const limits = new Map<string, StoredLimit>();
  for (const name of Object.keys(item)) {
    if (!name.startsWith(BUCKET_ATTRIBUTE_PREFIX) || !name.endsWith(TOKENS_SUFFIX)) continue;
    const limit = name.slice(BUCKET_ATTRIBUTE_PREFIX.length, -TOKENS_SUFFIX.length);
    if (limit === '') continue;
    const tokens = readNumber(item, name);
    const totalConsumed = readNumber(item, bucketAttribute(limit, 'tc'));
    limits.set(limit, {
      tokens: Math.floor(tokens ?? 0),
      capacity: readParameter(item, limit, 'cp'),
      refillAmount: readParameter(item, limit, 'ra'),
      refillPeriodMs: readParameter(item, limit, 'rp'),
      totalConsumed: totalConsumed && Math.floor(totalConsumed),
      exact: Number.isInteger(tokens) && (totalConsumed === undefined || Number.isInteger(totalConsumed)),
    });
  }
  return {
    refilledAt: readWhole(item, BUCKET.refilledAt),
    limits,
    shardCount: Math.max(1, readWhole(item, BUCKET.shardCount) ?? 1),
    cascade: readBool(item, BUCKET.cascade),
    parentId: readText(item, BUCKET.parent),
    expiresAt: readWhole(item, TTL_ATTRIBUTE),
    operation: readText(item, BUCKET.operation),
    indexedByResource: item[GSI2.partitionKey] !== undefined,
  };
}

const readParameter = (item: Item, limit: string, field: BucketField): number => readWhole(item, bucketAttribute(limit, field)) ?? 0;

/** A configured limit in the units of a bucket. */
export function targetLimit({ capacity, refillAmount, refillPeriodSeconds }: Limit): TargetLimit {
  return { capacity: capacity * MILLI, refillAmount: refillAmount * MILLI, refillPeriodMs: refillPeriodSeconds * 1000 };
}

/** Refill times that a bucket lives without a refill before it may expire. */
export const TTL_MULTIPLIER = 7;

/**
 * Seconds that a bucket with these limits may lie idle; undefined when it never expires.
 *
 * In floating point with exactly this grouping, so that Python clients compute the same.
 */
export function bucketTtlSeconds(limits: readonly Limit[], multiplier: number = TTL_MULTIPLIER): number | undefined {
  if (multiplier <= 0 || limits.length === 0) return undefined;
  const slowest = Math.max(...limits.map(({ capacity, refillAmount, refillPeriodSeconds }) => (capacity / refillAmount) * refillPeriodSeconds));
  return Math.trunc(slowest * multiplier);
}

/** The target of a bucket whose limits come from a config or an override. */
export function bucketTarget(limits: readonly Limit[], expires: boolean): BucketTarget {
  const seconds = bucketTtlSeconds(limits);
  return {
    limits: new Map(limits.map((limit) => [limit.name, targetLimit(limit)])),
    ttl: expires && seconds !== undefined ? { seconds } : 'never',
  };
}

export const bucketKey = (key: BucketKey): PrimaryKey => ({ pk: pk.bucket(key), sk: SK.bucket });

/** Every write of ours counts as one write of the partition, so that the aggregator can measure how hot it is. */
const countWrite: [string, Change] = [bucketAttribute(WCU_LIMIT, 'tc'), { add: MILLI }];

/** One write may carry many requests; this counts them, which the number of writes cannot. */
function countAcquires(acquires: number): [string, Change][] {
  return acquires === 0 ? [] : [[BUCKET.acquires, { add: acquires }]];
}

function take(name: string, amount: number): [string, Change][] {
  return amount === 0 ? [] : [
    [bucketAttribute(name, 'tk'), { add: -amount }],
    [bucketAttribute(name, 'tc'), { add: amount }],
  ];
}

/**
 * Takes tokens that are stored. An expired item that DynamoDB has not deleted yet is still a valid bucket.
 *
 * @param acquires requests that the write carries
 */
export function takeUpdate(key: BucketKey, { amounts, refilledSince }: TakePlan, acquires: number): ItemUpdate {
  const conditions: Condition[] = [refilledSince === undefined ? { exists: BUCKET.refilledAt } : { atLeast: [BUCKET.refilledAt, refilledSince] }];
  for (const [name, amount] of amounts) {
    if (amount > 0) conditions.push({ atLeast: [bucketAttribute(name, 'tk'), amount] });
  }
  return {
    key: bucketKey(key),
    changes: new Map([...[...amounts].flatMap(([name, amount]) => take(name, amount)), ...countAcquires(acquires), countWrite]),
    conditions,
  };
}

/**
 * Moves tokens without asking whether there are enough: what was taken is corrected, or given back.
 *
 * A bucket or limit that is gone has nothing to give back to; creating it would leave a fragment that nobody can read (W4).
 *
 * @param expiresAt new expiry in epoch seconds; undefined to leave it
 */
export function settleUpdate(key: BucketKey, amounts: Amounts, expiresAt?: number): ItemUpdate {
  const changes = new Map([...[...amounts].flatMap(([name, amount]) => take(name, amount)), countWrite]);
  if (expiresAt !== undefined) changes.set(TTL_ATTRIBUTE, { set: int(expiresAt) });
  return {
    key: bucketKey(key),
    changes,
    conditions: [{ exists: BUCKET.refilledAt }, ...[...amounts.keys()].map((name): Condition => ({ exists: bucketAttribute(name, 'tk') }))],
  };
}

/** Credits, takes and corrects parameters in one write. */
export function refillUpdate(key: BucketKey, plan: RefillPlan, acquires: number): ItemUpdate {
  const changes = new Map<string, Change>([
    [BUCKET.refilledAt, { set: int(plan.now) }],
    ...fullWcu(),
    countWrite,
    ...countAcquires(acquires),
    ...plan.limits.flatMap(refillChanges),
    ...plan.discard.flatMap(discard),
  ]);
  if (plan.expiresAt !== undefined) {
    changes.set(TTL_ATTRIBUTE, plan.expiresAt === 'never' ? { remove: true } : { set: int(plan.expiresAt) });
  }
  if (plan.leaveResourceIndex) {
    changes.set(GSI2.partitionKey, { remove: true });
    changes.set(GSI2.sortKey, { remove: true });
  }
  return {
    key: bucketKey(key),
    changes,
    conditions: [{ equals: [BUCKET.refilledAt, int(plan.refilledAt)] }, ...plan.limits.flatMap(refillConditions)],
  };
}

/** Keeps the limit of the Python clients full, which every write that moves the refill time must do. */
export function fullWcu(): [string, Change][] {
  return [[bucketAttribute(WCU_LIMIT, 'tk'), { set: int(WCU.capacity) }], ...setParameters(WCU_LIMIT, WCU)];
}

/** Changes that set the parameters of a limit. */
export function setParameters(name: string, { capacity, refillAmount, refillPeriodMs }: TargetLimit): [string, Change][] {
  return [
    [bucketAttribute(name, 'cp'), { set: int(capacity) }],
    [bucketAttribute(name, 'ra'), { set: int(refillAmount) }],
    [bucketAttribute(name, 'rp'), { set: int(refillPeriodMs) }],
  ];
}

/** Changes that remove all of a limit. */
export function discard(name: string): [string, Change][] {
  return (['tk', 'cp', 'ra', 'rp', 'tc'] as const).map((field) => [bucketAttribute(name, field), { remove: true }]);
}

function refillChanges({ name, amount, parameters, tokens }: LimitRefill): [string, Change][] {
  const [balance, counter] = [bucketAttribute(name, 'tk'), bucketAttribute(name, 'tc')];
  const corrected = parameters === undefined ? [] : setParameters(name, parameters);
  if ('replace' in tokens) return [[balance, { set: int(tokens.replace) }], [counter, { set: int(tokens.totalConsumed) }], ...corrected];
  return [[balance, 'start' in tokens ? { set: int(tokens.start) } : { add: tokens.gain - amount }], [counter, { add: amount }], ...corrected];
}

function refillConditions({ name, tokens }: LimitRefill): Condition[] {
  const balance = bucketAttribute(name, 'tk');
  if ('start' in tokens) return [{ absent: balance }];
  if ('replace' in tokens) return [{ exists: balance }];
  if ('exactly' in tokens) return [{ equals: [balance, int(tokens.exactly)] }];
  const lower: Condition[] = tokens.atLeast === undefined ? [] : [{ atLeast: [balance, tokens.atLeast] }];
  return [...lower, { atMost: [balance, tokens.atMost] }];
}

/** Where an entity hangs in the hierarchy; copied into its buckets. */
export interface Lineage {
  readonly cascade: boolean;
  readonly parentId: string | undefined;
}

/** Writes a whole bucket. No GSI2 keys: they would double the cost of every later write (W31). */
export function createUpdate(key: BucketKey, plan: CreatePlan, { cascade, parentId }: Lineage, acquires: number): ItemUpdate {
  const { namespaceId, entity, resource, shard } = key;
  const changes = new Map<string, Change>([
    ...setAll({
      [BUCKET.entity]: text(entity),
      [BUCKET.resource]: text(resource),
      [BUCKET.refilledAt]: int(plan.now),
      [BUCKET.shardCount]: int(plan.shardCount),
      [BUCKET.cascade]: bool(cascade),
      ...indexKeys(GSI3, pk.entity(namespaceId, entity), gsi.entityBucket(resource, shard)),
      ...indexKeys(GSI4, namespaceId, gsi.namespaceBucket(entity, resource, shard)),
      [bucketAttribute(WCU_LIMIT, 'tc')]: int(MILLI),
      [BUCKET.acquires]: int(plan.admits ? acquires : 0),
    }),
    ...fullWcu(),
    ...plan.limits.flatMap(({ name, amount, tokens, parameters }) => [
      ...setAll({ [bucketAttribute(name, 'tk')]: int(tokens), [bucketAttribute(name, 'tc')]: int(amount) }),
      ...setParameters(name, parameters),
    ]),
    ...plan.discard.flatMap(discard),
  ]);
  if (parentId !== undefined) changes.set(BUCKET.parent, { set: text(parentId) });
  if (plan.expiresAt !== undefined) changes.set(TTL_ATTRIBUTE, { set: int(plan.expiresAt) });
  // "No refill time" is true for no item and for a damaged one; a whole bucket that appeared meanwhile is left alone.
  return { key: bucketKey(key), changes, conditions: [{ absent: BUCKET.refilledAt }] };
}

/** Doubles the shards of a bucket, on its first shard, unless somebody else has. */
export function splitUpdate(key: BucketKey, shardCount: number): ItemUpdate {
  return {
    key: bucketKey({ ...key, shard: 0 }),
    changes: new Map([[BUCKET.shardCount, { set: int(2 * shardCount) }]]),
    conditions: [{ exists: BUCKET.refilledAt }, { equals: [BUCKET.shardCount, int(shardCount)] }],
  };
}

/** Moves a refill time that is in the future back to now. Credits nothing. */
export function pullBackUpdate(key: BucketKey, refilledAt: number, now: number): ItemUpdate {
  return {
    key: bucketKey(key),
    changes: new Map([[BUCKET.refilledAt, { set: int(now) }]]),
    conditions: [{ equals: [BUCKET.refilledAt, int(refilledAt)] }],
  };
}

/** The same update as an operation of its own: a late duplicate is refused while no other came after it. */
export function asOperation({ key, changes, conditions }: ItemUpdate, id: string): ItemUpdate {
  return {
    key,
    changes: new Map([...changes, [BUCKET.operation, { set: text(id) }]]),
    conditions: [...conditions, { differs: [BUCKET.operation, text(id)] }],
  };
}

/** The same update, once more after its answer was lost: done only while no operation came after `previous`, this one included. */
export function asRepetition({ key, changes, conditions }: ItemUpdate, id: string, previous: string | undefined): ItemUpdate {
  return {
    key,
    changes: new Map([...changes, [BUCKET.operation, { set: text(id) }]]),
    conditions: [...conditions, previous === undefined ? { absent: BUCKET.operation } : { equals: [BUCKET.operation, text(previous)] }],
  };
}

/** The operation that last changed an item. */
export function operationOf(item: Item | undefined): string | undefined {
  return item && readText(item, BUCKET.operation);
}
