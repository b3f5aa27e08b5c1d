import type { TokenBucket } from './token-bucket.js';

/** Names one bucket item: the tokens of one entity for one resource, or one shard of them. */
export interface BucketKey {
  readonly namespaceId: string;
  readonly entity: string;
  readonly resource: string;
  readonly shard: number;
}

/** One limit as a bucket item stores it. Capacity and refill amount are totals over all shards. */
export interface StoredLimit extends TokenBucket {
  /** Net millitokens consumed since the bucket was created; undefined when the item has no counter. */
  readonly totalConsumed: number | undefined;
  /** False when the item holds a fraction, which is cut here: nobody may add to it before it is written anew. */
  readonly exact: boolean;
}

/** A bucket item as last seen. */
export interface BucketState {
  /** Time up to which refill was credited, for all limits, and the optimistic lock. Undefined in a damaged item. */
  readonly refilledAt: number | undefined;
  /** By limit name, `wcu` included. */
  readonly limits: ReadonlyMap<string, StoredLimit>;
  readonly shardCount: number;
  readonly cascade: boolean;
  readonly parentId: string | undefined;
  /** Epoch seconds after which DynamoDB may delete the item; undefined when it never does. */
  readonly expiresAt: number | undefined;
  /** The last write of this client that changed the item; undefined when there was none. */
  readonly operation: string | undefined;
  /** True while the item is in the resource index, which doubles the cost of every write to it. */
  readonly indexedByResource: boolean;
}

/** Limits that a bucket should carry, in millitokens and milliseconds, with the reason. */
export interface BucketTarget {
  readonly limits: ReadonlyMap<string, TargetLimit>;
  /** When the item may expire: never, this many seconds after its last refill, or whatever it has now. */
  readonly ttl: 'never' | 'keep' | { readonly seconds: number };
}

export type TargetLimit = Omit<TokenBucket, 'tokens'>;

/** Millitokens per limit name: positive takes, negative gives back. */
export type Amounts = ReadonlyMap<string, number>;

/** Adds amounts to a sum. */
export function addAmounts(sum: Map<string, number>, amounts: Amounts): void {
  for (const [name, amount] of amounts) sum.set(name, (sum.get(name) ?? 0) + amount);
}

/** The opposite amounts: what gives back what was taken. */
export function negated(amounts: Amounts): Map<string, number> {
  return new Map([...amounts].map(([name, amount]) => [name, -amount]));
}
