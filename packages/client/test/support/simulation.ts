import { MemoryStore, RateLimiter, type ConnectOptions } from '@zae-limiter/client';
import type { BucketState } from '@zae-limiter/client/core/bucket';
import { parseBucket } from '@zae-limiter/client/schema/bucket-item';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { FakeClock, FaultyStore } from '@zae-limiter/client/testing';

export const NAMESPACE = 'ns1';

/** One process of a simulation. */
export interface SimulatedProcess {
  readonly limiter: RateLimiter;
  /** The process's own way to the table: what it does to calls happens to no other process. */
  readonly store: FaultyStore;
}

/** Several processes on one table in memory, on a clock that passes as fast as the machine can. */
export class Simulation {
  readonly clock = new FakeClock();
  readonly table = new MemoryStore();

  /** @param skewMs how far the process's clock is ahead */
  process({ skewMs = 0, latencyMs = 0, ...options }: Partial<ConnectOptions> & { skewMs?: number; latencyMs?: number } = {}): SimulatedProcess {
    const store = new FaultyStore(this.table, this.clock);
    store.latencyMs = latencyMs;
    const limiter = new RateLimiter({ store, namespaceId: NAMESPACE, clock: this.clock.skewed(skewMs), ...options });
    return { limiter, store };
  }

  /** Lets time pass until the work is done. */
  run<T>(work: Promise<T>): Promise<T> {
    return this.clock.drive(work);
  }

  /** Who is whose parent. */
  async cascade(entity: string, parent: string): Promise<void> {
    await this.table.transact([{
      put: {
        PK: { S: pk.entity(NAMESPACE, entity) }, SK: { S: SK.entity }, entity_id: { S: entity }, parent_id: { S: parent }, cascade: { BOOL: true },
      },
    }]);
  }

  async bucket(entity: string, resource: string, shard = 0): Promise<BucketState | undefined> {
    const item = await this.table.get({ pk: pk.bucket({ namespaceId: NAMESPACE, entity, resource, shard }), sk: SK.bucket });
    return item && parseBucket(item);
  }

  /** Whole tokens that are stored for a limit. */
  async tokens(entity: string, resource: string, limit: string, shard = 0): Promise<number> {
    return (await this.bucket(entity, resource, shard))!.limits.get(limit)!.tokens / 1000;
  }
}
