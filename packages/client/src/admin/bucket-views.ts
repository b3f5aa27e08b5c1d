import type { BucketState } from '../core/bucket.js';
import { applicationLimits, shareOf } from '../core/plan.js';
import { MILLI, refill } from '../core/token-bucket.js';
import { parseBlock } from '../schema/bucket-admin.js';
import type { Shard } from './shards.js';

/** One limit of a bucket, or of one shard of it. Tokens may have up to three decimals. */
export interface BucketLimit {
  readonly name: string;
  /** Tokens now, refill included; negative while in debt. */
  readonly tokens: number;
  /** Most tokens that it can hold. */
  readonly capacity: number;
  /** `amount` tokens come back every `periodMs` milliseconds. */
  readonly refill: { readonly amount: number; readonly periodMs: number };
  /** Tokens that were consumed since the bucket was created, less those given back; undefined when it is not counted. */
  readonly totalConsumed: number | undefined;
}

export interface BucketShard {
  readonly shard: number;
  /** False when the shard is counted but was not written yet; it holds no tokens. */
  readonly exists: boolean;
  /** Time up to which refill is booked; undefined in a damaged shard, which the next request writes anew. */
  readonly refilledAt: Date | undefined;
  /** After which it may be removed; undefined when it never is. */
  readonly expiresAt: Date | undefined;
  /** This shard's share of the limits. */
  readonly limits: readonly BucketLimit[];
}

/** The tokens of an entity for a resource. */
export interface BucketView {
  readonly entity: string;
  readonly resource: string;
  readonly shardCount: number;
  readonly cascade: boolean;
  readonly parentId: string | undefined;
  /** Set while an operator's block holds. */
  readonly blocked: { readonly until: Date; readonly reason: string | undefined } | undefined;
  /** All shards together. */
  readonly limits: readonly BucketLimit[];
  readonly shards: readonly BucketShard[];
}

/** How a bucket stands; undefined when none of its shards is there. */
export function viewBucket(shards: readonly Shard[], now: number): BucketView | undefined {
  const present = shards.flatMap(({ state }) => state ?? []);
  const [first] = present;
  if (first === undefined) return undefined;
  const count = Math.max(shards.length, ...present.map(({ shardCount }) => shardCount));
  const { entity, resource } = shards[0]!.key;
  const views = shards.map(({ key, state }) => viewShard(key.shard, state, count, now));
  const block = shards.flatMap(({ item }) => (item === undefined ? [] : parseBlock(item, now) ?? []))[0];
  return {
    entity,
    resource,
    shardCount: count,
    cascade: first.cascade,
    parentId: first.parentId,
    blocked: block && { until: new Date(block.until), reason: block.reason },
    limits: applicationLimits(first).map(([name, { capacity, refillAmount, refillPeriodMs }]) => {
      const own = views.flatMap(({ limits }) => limits.find((limit) => limit.name === name) ?? []);
      const counted = own.flatMap(({ totalConsumed }) => totalConsumed ?? []);
      return {
        name,
        tokens: sum(own.map(({ tokens }) => tokens)),
        capacity: capacity / MILLI,
        refill: { amount: refillAmount / MILLI, periodMs: refillPeriodMs },
        totalConsumed: counted.length === 0 ? undefined : sum(counted),
      };
    }),
    shards: views,
  };
}

function viewShard(shard: number, state: BucketState | null, count: number, now: number): BucketShard {
  return {
    shard,
    exists: state !== null,
    refilledAt: asDate(state?.refilledAt),
    expiresAt: asDate(state?.expiresAt === undefined ? undefined : state.expiresAt * 1000),
    limits: state === null ? [] : applicationLimits(state).map(([name, stored]) => {
      const own = shareOf(stored, shard, count);
      return {
        name,
        tokens: balance(own, state.refilledAt, now) / MILLI,
        capacity: own.capacity / MILLI,
        refill: { amount: own.refillAmount / MILLI, periodMs: own.refillPeriodMs },
        totalConsumed: stored.totalConsumed === undefined ? undefined : stored.totalConsumed / MILLI,
      };
    }),
  };
}

/** Millitokens that a shard can give now. A damaged limit does not refill. */
export function balance(own: Parameters<typeof refill>[0], refilledAt: number | undefined, now: number): number {
  if (refilledAt === undefined || own.refillPeriodMs <= 0) return own.tokens;
  return Math.min(own.capacity, refill(own, refilledAt, now));
}

const asDate = (epochMs: number | undefined): Date | undefined => (epochMs === undefined ? undefined : new Date(epochMs));

/** In whole thousandths, so that no binary fraction creeps in. */
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + Math.round(value * MILLI), 0) / MILLI;
