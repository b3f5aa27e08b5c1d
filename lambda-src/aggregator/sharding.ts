import { WCU_LIMIT } from '@zae-limiter/client/core/identifiers';
import { MILLI } from '@zae-limiter/client/core/token-bucket';
import { readWhole } from '@zae-limiter/client/schema/attributes';
import { parseBlock } from '@zae-limiter/client/schema/bucket-admin';
import { BUCKET, splitUpdate } from '@zae-limiter/client/schema/bucket-item';
import { bucketAttribute, pk } from '@zae-limiter/client/schema/keys';
import type { ItemUpdate } from '@zae-limiter/client/schema/update';
import type { BucketChange } from './parse';

/** When a bucket gets more shards. */
export interface ShardingConfig {
  /** Most shards of a bucket. */
  readonly maxShardCount: number;
  /** Part of the writes that one partition takes, from which on a shard is hot. */
  readonly threshold: number;
  /** Seconds after a doubling in which there is no other. */
  readonly cooldownSeconds: number;
}

/** The write counter of a shard at a time. */
export interface Observation {
  /** Writes since the shard was created, times 1000. */
  readonly writes: number;
  /** Epoch seconds. */
  readonly at: number;
}

/** Older observations say nothing of the rate now. */
const MEMORY_SECONDS = 60;
/** Hot observations in a row that it takes: one may be a burst. */
const HOT_STREAK = 2;

/**
 * Writes per second up to the last record of a batch: since the previous observation when that is recent, else since the first
 * record. A counter that ran backwards belongs to another bucket of that name.
 */
export function writeRate(previous: Observation | undefined, first: Observation, last: Observation): number {
  const usable = previous !== undefined && first.at - previous.at <= MEMORY_SECONDS && previous.writes <= first.writes;
  const base = usable ? previous : first;
  return (last.writes - base.writes) / MILLI / Math.max(1, last.at - base.at);
}

export interface Pressure {
  readonly writesPerSecond: number;
  /** Writes per second that a partition takes. */
  readonly capacity: number;
  /** Hot observations in a row before this one. */
  readonly streak: number;
  readonly shardCount: number;
  /** Epoch seconds. */
  readonly cooldownUntil: number;
  readonly now: number;
}

export interface ShardDecision {
  /** New number of shards; undefined when it stays. */
  readonly doubleTo: number | undefined;
  /** Hot observations in a row, this one included. */
  readonly streak: number;
  /** True when only the cap keeps the bucket from getting more shards. */
  readonly capped: boolean;
}

/** Whether a shard that was measured makes its bucket double. */
export function decide(
  { writesPerSecond, capacity, streak, shardCount, cooldownUntil, now }: Pressure, { threshold, maxShardCount }: ShardingConfig,
): ShardDecision {
  if (writesPerSecond < threshold * capacity) return { doubleTo: undefined, streak: 0, capped: false };
  const hot = streak + 1;
  if (hot < HOT_STREAK || now < cooldownUntil) return { doubleTo: undefined, streak: hot, capped: false };
  const capped = 2 * shardCount > maxShardCount;
  return capped ? { doubleTo: undefined, streak: hot, capped } : { doubleTo: 2 * shardCount, streak: 0, capped };
}

/** What came of measuring a shard. */
export interface Measured {
  /** Doubles the shards, unless somebody else has. */
  readonly update: ItemUpdate | undefined;
  readonly shardCount: number;
  readonly writesPerSecond: number;
  readonly capped: boolean;
}

/**
 * Measures how fast shards are written, over the batches that one instance of the function sees (F-04: a stored balance is no
 * measure of a rate). Forgets what is older than a minute.
 */
export class WritePressure {
  private readonly shards = new Map<string, { readonly last: Observation; readonly streak: number }>();
  private readonly buckets = new Map<string, { readonly shardCount: number; readonly cooldownUntil: number; readonly at: number }>();

  constructor(private readonly config: ShardingConfig) {}

  /**
   * Measures a shard by its changes in a batch, which are in the order of the stream; undefined when they say nothing: the
   * shard has no write counter or is blocked, or the batch was delivered before.
   */
  measure(changes: readonly BucketChange[]): Measured | undefined {
    const { key, after, createdAt } = changes.at(-1)!;
    // What a block makes a shard owe cannot be split: the new shards would let pass what the block holds up.
    if (parseBlock(after, createdAt * 1000) !== undefined) return undefined;
    const [first, last] = [observation(changes[0]!, 'before'), observation(changes.at(-1)!, 'after')];
    const capacity = (readWhole(after, bucketAttribute(WCU_LIMIT, 'cp')) ?? 0) / MILLI;
    if (first === undefined || last === undefined || capacity <= 0) return undefined;
    const [shard, bucket] = [pk.bucket(key), pk.bucket({ ...key, shard: 0 })];
    const seen = this.shards.get(shard);
    if (seen !== undefined && last.at <= seen.last.at && last.writes <= seen.last.writes) return undefined;

    const shardCount = Math.max(1, readWhole(after, BUCKET.shardCount) ?? 1);
    const known = this.buckets.get(bucket);
    // Whoever doubled, this function or a client, takes load off every shard: their rates are measured anew.
    const doubled = known !== undefined && shardCount > known.shardCount;
    const cooldownUntil = doubled ? last.at + this.config.cooldownSeconds : known?.cooldownUntil ?? 0;
    const writesPerSecond = writeRate(seen?.last, first, last);
    const { doubleTo, streak, capped } =
      decide({ writesPerSecond, capacity, streak: doubled ? 0 : seen?.streak ?? 0, shardCount, cooldownUntil, now: last.at }, this.config);

    // Until the doubling is done the shard is as hot as it was.
    this.shards.set(shard, { last, streak: doubleTo === undefined ? streak : HOT_STREAK });
    // The first shard knows the number of shards; the others may lag behind.
    const latest = key.shard === 0 ? shardCount : Math.max(shardCount, known?.shardCount ?? 1);
    this.buckets.set(bucket, { shardCount: latest, cooldownUntil, at: last.at });
    return { update: doubleTo === undefined ? undefined : splitUpdate(key, shardCount), shardCount, writesPerSecond, capped };
  }

  /** Says that the shards of a bucket were doubled, which begins the wait. */
  doubled({ key, createdAt }: BucketChange, shardCount: number): void {
    this.buckets.set(pk.bucket({ ...key, shard: 0 }), { shardCount, cooldownUntil: createdAt + this.config.cooldownSeconds, at: createdAt });
    const shard = this.shards.get(pk.bucket(key));
    if (shard !== undefined) this.shards.set(pk.bucket(key), { ...shard, streak: 0 });
  }

  /** Forgets what is too old to say anything, so that memory holds a minute of shards and no more. */
  forget(now: number): void {
    for (const [shard, { last }] of this.shards) if (now - last.at > MEMORY_SECONDS) this.shards.delete(shard);
    for (const [bucket, { at, cooldownUntil }] of this.buckets) if (now - Math.max(at, cooldownUntil) > MEMORY_SECONDS) this.buckets.delete(bucket);
  }
}

function observation({ createdAt, ...change }: BucketChange, image: 'before' | 'after'): Observation | undefined {
  const writes = readWhole(change[image], bucketAttribute(WCU_LIMIT, 'tc'));
  if (writes !== undefined) return { writes, at: createdAt };
  const isNew = image === 'before' && Object.keys(change.before).length === 0;
  return isNew ? { writes: 0, at: createdAt } : undefined;
}
