import type { BucketKey, BucketState, BucketTarget, StoredLimit, TargetLimit } from '../core/bucket.js';
import { applicationLimits, shareOf, type ShardPlace } from '../core/plan.js';
import { refill, share, timeUntil, type TokenBucket } from '../core/token-bucket.js';
import { bool, int, readNumber, readText, text, type Item } from './attributes.js';
import { BUCKET, bucketKey, createUpdate, discard, fullWcu, setParameters, type Lineage } from './bucket-item.js';
import { bucketAttribute } from './keys.js';
import { TTL_ATTRIBUTE } from './table.js';
import { setAll, type Change, type Condition, type ItemUpdate } from './update.js';

/**
 * Changes of buckets that an operator makes. Each is one conditional update of one shard, computed from the shard as it
 * was read; balances of shards are their shares of the totals (W15).
 */

/** What a bucket carries while it is blocked. Other clients ignore it; they obey the debt. */
const BLOCK = { until: 'x_blocked_until', reason: 'x_blocked_reason' } as const;

/** Until when an entity may take nothing of a resource, and why. */
export interface Block {
  /** Epoch milliseconds. */
  readonly until: number;
  readonly reason: string | undefined;
}

/** The block of a bucket item; undefined when there is none or it is over. */
export function parseBlock(item: Item, now: number): Block | undefined {
  const until = readNumber(item, BLOCK.until);
  return until !== undefined && until > now ? { until, reason: readText(item, BLOCK.reason) } : undefined;
}

/** The place of one shard, and the time of the change. */
export interface ShardChange {
  readonly key: BucketKey;
  readonly shardCount: number;
  readonly now: number;
}

type Usable = [name: string, stored: StoredLimit, own: TokenBucket];
type Balance = [name: string, millitokens: number];

/** Limits that can refill, with the share that this shard has of them. A broken one is left to the next acquire. */
function usableLimits(state: BucketState, { index, count }: ShardPlace): Usable[] {
  return applicationLimits(state)
    .filter(([, { capacity, refillAmount, refillPeriodMs }]) => capacity > 0 && refillAmount > 0 && refillPeriodMs > 0)
    .map(([name, stored]) => [name, stored, shareOf(stored, index, count)]);
}

const placeOf = ({ key, shardCount }: ShardChange): ShardPlace => ({ index: key.shard, count: shardCount });

const tokensOf = (name: string): string => bucketAttribute(name, 'tk');

/** The refill time never moves back: another clock may be ahead of this one. */
const forward = ({ refilledAt }: BucketState, now: number): number => Math.max(refilledAt!, now);

/** Gives a bucket its entity's place in the hierarchy, which it got when it was created (W34). */
export function lineageUpdate(key: BucketKey, { cascade, parentId }: Lineage): ItemUpdate {
  return {
    key: bucketKey(key),
    changes: new Map<string, Change>([
      [BUCKET.cascade, { set: bool(cascade) }],
      [BUCKET.parent, parentId === undefined ? { remove: true } : { set: text(parentId) }],
    ]),
    conditions: [{ exists: BUCKET.refilledAt }],
  };
}

/** The limits that a bucket should carry from now on. */
export interface Reconciliation extends ShardChange {
  readonly limits: ReadonlyMap<string, TargetLimit>;
  /** Seconds that the bucket may lie idle; `never` when it stays. */
  readonly ttl: { readonly seconds: number } | 'never';
}

/**
 * Gives a live bucket other limits: parameters change, limits that are new start full, those that are gone go.
 * Balances stay, and so does a debt: the bucket outlives it.
 */
export function reconcileUpdate(state: BucketState, { limits, ttl, ...shard }: Reconciliation): ItemUpdate {
  const { index, count } = placeOf(shard);
  const stored = new Set(applicationLimits(state).map(([name]) => name));
  const gone = [...stored].filter((name) => !limits.has(name));
  const fresh = [...limits].filter(([name]) => !stored.has(name));
  const indebted = [...limits].flatMap(([name, limit]) => {
    const tokens = state.limits.get(name)?.tokens ?? 0;
    return tokens < 0 ? [shareOf({ ...limit, tokens }, index, count)] : [];
  });
  const changes = new Map<string, Change>([
    ...[...limits].flatMap(([name, limit]) => setParameters(name, limit)),
    ...fresh.flatMap(([name, { capacity }]) => setAll({ [tokensOf(name)]: int(share(capacity, index, count)), [bucketAttribute(name, 'tc')]: int(0) })),
    ...gone.flatMap(discard),
    [TTL_ATTRIBUTE, ttl === 'never' ? { remove: true } : { set: int(expiry(ttl.seconds, indebted, state.refilledAt!, shard.now)) }],
  ]);
  const present = [...limits.keys()].filter((name) => stored.has(name));
  return {
    key: bucketKey(shard.key),
    changes,
    conditions: [
      { exists: BUCKET.refilledAt },
      ...present.map((name): Condition => ({ exists: tokensOf(name) })),
      ...fresh.map(([name]): Condition => ({ absent: tokensOf(name) })),
    ],
  };
}

/** Epoch seconds: after the idle time, and not before the last debt is paid, because an expired bucket comes back full. */
function expiry(idleSeconds: number, buckets: readonly TokenBucket[], refilledAt: number, now: number): number {
  const paidAfter = buckets.map((bucket) => timeUntil(bucket, refilledAt, now, bucket.capacity) ?? 0);
  return Math.max(Math.floor(now / 1000) + idleSeconds, Math.ceil((now + Math.max(0, ...paidAfter)) / 1000));
}

/** Fills every limit to the shard's share and ends a block. What was consumed stays counted. */
export function fillUpdate(state: BucketState, shard: ShardChange): ItemUpdate {
  const full = usableLimits(state, placeOf(shard));
  return balanceUpdate(state, shard, full.map(([name, , { capacity }]) => [name, capacity]), noBlock());
}

/** Ends a block: gives back what it still owes, so that corrections made meanwhile stay. Nothing above capacity. */
export function unblockUpdate(state: BucketState, until: number, shard: ShardChange): ItemUpdate {
  const from = forward(state, shard.now);
  const balances = usableLimits(state, placeOf(shard)).map(([name, , own]): Balance =>
    [name, Math.min(own.capacity, refill(own, state.refilledAt!, from) + due(own, from, until))]);
  const update = balanceUpdate(state, shard, balances, noBlock());
  return { ...update, conditions: [...update.conditions, ...unchanged(state, balances)] };
}

/**
 * Takes every limit into the debt that its refill pays off at the end of the block, so that clients which know nothing of
 * blocks obey it too. A deeper debt stays as it is.
 *
 * No condition on the balance: the bucket may be in heavy use, which is why it is blocked.
 */
export function blockUpdate(state: BucketState, block: Block, shard: ShardChange): ItemUpdate {
  const from = forward(state, shard.now);
  const limits = usableLimits(state, placeOf(shard));
  const balances = limits.map(([name, , own]): Balance => [name, Math.min(refill(own, state.refilledAt!, from), -due(own, from, block.until))]);
  const changes = blockChanges(block);
  if (state.expiresAt !== undefined) {
    const indebted = limits.map(([, , own], at) => ({ ...own, tokens: balances[at]![1] }));
    changes.push([TTL_ATTRIBUTE, { set: int(Math.max(state.expiresAt, expiry(0, indebted, from, from))) }]);
  }
  return balanceUpdate(state, shard, balances, changes);
}

/** What a bucket is created from. */
export interface WholeBucket extends BucketTarget {
  readonly lineage: Lineage;
}

/** Writes the whole shard of a bucket that is not there, in debt until the end of the block. */
export function createBlocked({ limits, ttl, lineage }: WholeBucket, block: Block, { key, shardCount, now }: ShardChange): ItemUpdate {
  const indebted = [...limits].map(([name, parameters]) => {
    const own = shareOf({ ...parameters, tokens: 0 }, key.shard, shardCount);
    return { name, parameters, own: { ...own, tokens: -due(own, now, block.until) } };
  });
  const created = createUpdate(key, {
    kind: 'create', now, shardCount, discard: [], admits: false,
    limits: indebted.map(({ name, parameters, own }) => ({ name, amount: 0, tokens: own.tokens, parameters })),
    expiresAt: typeof ttl === 'string' ? undefined : expiry(ttl.seconds, indebted.map(({ own }) => own), now, now),
  }, lineage, 0);
  return { ...created, changes: new Map([...created.changes, ...blockChanges(block)]) };
}

/**
 * Makes shard 0 the only one. It keeps its own balance and takes over the debts of the others, not their tokens: a client
 * may be taking those at this moment, and tokens must not be there twice (W1).
 */
export function onlyShardUpdate(
  state: BucketState, others: readonly (readonly [index: number, state: BucketState])[], shard: ShardChange,
): ItemUpdate {
  const at = forward(state, shard.now);
  const owed = (name: string): number => others.reduce((sum, [index, other]) => {
    const limit = other.limits.get(name);
    return limit === undefined || other.refilledAt === undefined
      ? sum
      : sum + Math.min(0, refill(shareOf(limit, index, shard.shardCount), other.refilledAt, at));
  }, 0);
  const balances = usableLimits(state, placeOf(shard)).map(([name, , own]): Balance => [name, refill(own, state.refilledAt!, at) + owed(name)]);
  const update = balanceUpdate(state, shard, balances, [[BUCKET.shardCount, { set: int(1) }]]);
  return {
    ...update,
    conditions: [...update.conditions, { equals: [BUCKET.shardCount, int(shard.shardCount)] }, ...unchanged(state, balances)],
  };
}

function balanceUpdate(
  state: BucketState, { key, now }: ShardChange, balances: readonly Balance[], changes: readonly [string, Change][],
): ItemUpdate {
  const at = forward(state, now);
  return {
    key: bucketKey(key),
    changes: new Map<string, Change>([
      [BUCKET.refilledAt, { set: int(at) }],
      ...fullWcu(),
      ...balances.map(([name, tokens]): [string, Change] => [tokensOf(name), { set: int(tokens) }]),
      ...changes,
    ]),
    conditions: [{ atMost: [BUCKET.refilledAt, at] }, ...balances.map(([name]): Condition => ({ exists: tokensOf(name) }))],
  };
}

/** Holds while nobody moved the balances that were read; one with a fraction cannot be compared. */
function unchanged(state: BucketState, balances: readonly Balance[]): Condition[] {
  const exact = balances.filter(([name]) => state.limits.get(name)!.exact);
  return [
    { equals: [BUCKET.refilledAt, int(state.refilledAt!)] },
    ...exact.map(([name]): Condition => ({ equals: [tokensOf(name), int(state.limits.get(name)!.tokens)] })),
  ];
}

function blockChanges({ until, reason }: Block): [string, Change][] {
  return [
    [BLOCK.until, { set: int(until) }],
    [BLOCK.reason, reason === undefined ? { remove: true } : { set: text(reason) }],
  ];
}

const noBlock = (): [string, Change][] => Object.values(BLOCK).map((name) => [name, { remove: true }]);

/** Millitokens that a limit gains from one time to another, without regard to its capacity. */
function due(limit: TokenBucket, from: number, to: number): number {
  return refill({ ...limit, tokens: 0, capacity: Number.MAX_SAFE_INTEGER }, from, to);
}

/** Longest block of these limits whose debt the table can hold, in milliseconds. */
export function longestBlockMs(limits: Iterable<TargetLimit>): number {
  return Math.floor(Math.min(Infinity, ...[...limits].map(({ refillAmount, refillPeriodMs }) =>
    (Number.MAX_SAFE_INTEGER - MARGIN) * refillPeriodMs / refillAmount)));
}

/** Far above what any balance adds to the debt of a block, far below the largest integer. */
const MARGIN = 2 ** 40;
