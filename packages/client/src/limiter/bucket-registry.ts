import type { WriterSettings } from './bucket-writer.js';
import type { EventHub } from './events.js';
import { toTokens } from './lease.js';
import { ShardedBucket } from './sharded-bucket.js';

/** Buckets that a process remembers at most; the longest unused is forgotten first. */
const MAX_BUCKETS = 10_000;

/** The buckets that a process has used lately. */
export class BucketRegistry {
  private readonly buckets = new Map<string, ShardedBucket>();
  private latest: ShardedBucket | undefined;

  constructor(private readonly settings: WriterSettings, private readonly namespaceId: string, private readonly events: EventHub) {}

  get(entity: string, resource: string): ShardedBucket {
    const id = `${entity}#${resource}`;
    const bucket = this.buckets.get(id) ?? this.create(entity, resource);
    if (bucket === this.latest) return bucket;
    this.latest = bucket;
    this.buckets.delete(id); // so that the longest unused stays first
    this.buckets.set(id, bucket);
    if (this.buckets.size > MAX_BUCKETS) this.buckets.delete(this.buckets.keys().next().value!);
    return bucket;
  }

  private create(entity: string, resource: string): ShardedBucket {
    return new ShardedBucket(this.settings, { namespaceId: this.namespaceId, entity, resource }, {
      split: (shards) => this.events.emit('shardSplit', { entity, resource, shards }),
      unsettled: (amounts, cause) => this.events.emit('settlementFailed', { entity, resource, amounts: toTokens(amounts), cause }),
      clockAhead: (aheadMs) => this.events.emit('clockAhead', { entity, resource, aheadMs }),
    });
  }
}
