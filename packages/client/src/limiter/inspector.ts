import type { Amounts, BucketState } from '../core/bucket.js';
import type { Clock } from '../core/clock.js';
import { NoLimitsConfiguredError } from '../core/errors.js';
import { checkEntityId, checkResource } from '../core/identifiers.js';
import type { LimitSource, LimitView } from '../core/limit-view.js';
import { viewShards } from '../core/views.js';
import { parseBucket, type Lineage } from '../schema/bucket-item.js';
import { pk, SK } from '../schema/keys.js';
import type { RequestStore } from '../store/store.js';
import type { Tokens } from './lease.js';
import type { Known, LimitResolver } from './limit-resolver.js';
import { checkAmounts, checkKnown } from './request.js';

/** How the bucket of an entity and resource stands, and why. */
export interface Explanation {
  readonly entity: string;
  readonly resource: string;
  /** Level whose limits apply. */
  readonly source: LimitSource;
  /** Over all shards of the bucket. */
  readonly limits: readonly LimitView[];
  /** False when there is no bucket yet: its limits are full. */
  readonly exists: boolean;
  readonly shards: number;
  /** Milliseconds since the limits were read; they are read again after a minute. */
  readonly limitsAgeMs: number;
  /** The parent, when it is charged too and has limits. */
  readonly parent: Explanation | undefined;
}

/** Shards that are read at most: a count that ran away (W1) may be in the millions. */
const MAX_SHARDS_READ = 1024;

/** Reads how buckets stand. Takes nothing. */
export class Inspector {
  constructor(
    private readonly store: RequestStore, private readonly namespaceId: string,
    private readonly resolver: LimitResolver, private readonly clock: Clock,
  ) {}

  /** @param needed whole tokens by limit name that a request would ask for */
  async explain(entity: string, resource: string, needed: Tokens = {}): Promise<Explanation> {
    checkEntityId(entity);
    checkResource(resource);
    const amounts = checkAmounts(needed, 'amount');
    const [known, shards] = await Promise.all([this.resolver.know(entity, resource), this.shards(entity, resource)]);
    checkKnown(amounts, known.resolved.limits);
    return this.explanation(entity, resource, amounts, known, shards, await this.parentOf(entity, resource, amounts, known.lineage));
  }

  private async parentOf(entity: string, resource: string, amounts: Amounts, { cascade, parentId }: Lineage): Promise<Explanation | undefined> {
    if (!cascade || parentId === undefined || parentId === entity) return undefined;
    try {
      const [known, shards] = await Promise.all([this.resolver.know(parentId, resource), this.shards(parentId, resource)]);
      return this.explanation(parentId, resource, amounts, known, shards, undefined);
    } catch (error) {
      if (error instanceof NoLimitsConfiguredError) return undefined;
      throw error;
    }
  }

  private explanation(
    entity: string, resource: string, amounts: Amounts, { resolved }: Known, shards: readonly State[], parent: Explanation | undefined,
  ): Explanation {
    const { source, target, readAt } = resolved;
    const now = this.clock.now();
    const standings = shards.map((state, index) => ({ state, place: { index, count: shards.length }, now, verdict: 'short' as const }));
    const limits = viewShards({ entity, resource, source }, target, amounts, standings);
    return { entity, resource, source, limits, exists: shards[0] !== null, shards: shards.length, limitsAgeMs: now - readAt, parent };
  }

  /** Every shard of a bucket; null for one that is not there. */
  private async shards(entity: string, resource: string): Promise<readonly State[]> {
    const key = (shard: number) => ({ pk: pk.bucket({ namespaceId: this.namespaceId, entity, resource, shard }), sk: SK.bucket });
    const first = await this.store.get(key(0));
    if (first === undefined) return [null];
    const state = parseBucket(first);
    if (state.shardCount === 1) return [state];
    const count = Math.min(state.shardCount, MAX_SHARDS_READ);
    const others = await this.store.getMany(Array.from({ length: count - 1 }, (_, at) => key(at + 1)));
    return [state, ...others.map((other) => (other === undefined ? null : parseBucket(other)))];
  }
}

type State = BucketState | null;
