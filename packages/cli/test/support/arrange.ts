import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbStore, RateLimiter, systemClock, type Clock, type Store, type UsageWindow } from '@zae-limiter/client';
import { activeNamespaceId, namespaceKey } from '@zae-limiter/client/admin';
import { int } from '@zae-limiter/client/schema/attributes';
import { usageIdentity, usageKey, usageOrigin } from '@zae-limiter/client/schema/usage-item';
import { PATIENCE_MS } from '../../../../test/support/table';
import type { TestNamespace } from './namespace';

/** What a test prepares before a command runs, and looks at after it. */
export interface Arranged {
  readonly id: string;
  readonly store: Store;
  readonly limiter: RateLimiter;
}

/** The namespace of a test, as an application sees it. */
export async function arrange(ns: TestNamespace, clock: Clock = systemClock): Promise<Arranged> {
  const store = new DynamoDbStore(new DynamoDBClient({}), ns.table, { timeoutMs: PATIENCE_MS });
  const id = activeNamespaceId(await store.get(namespaceKey(ns.name)))!;
  return { id, store, limiter: new RateLimiter({ store, namespaceId: id, clock, timeoutMs: PATIENCE_MS, denyTtlMs: 0 }) };
}

export interface Counted {
  readonly entity?: string;
  readonly resource?: string;
  readonly window?: UsageWindow;
  readonly start: string;
  readonly events?: number;
  readonly counters: Readonly<Record<string, number>>;
}

/** Writes a snapshot, as the aggregator would. */
export async function count({ id, store }: Arranged, { entity = 'user-1', resource = 'gpt-4', window = 'hourly', start, events = 1, counters }: Counted): Promise<void> {
  const { pk, sk } = usageKey(id, entity, resource, window, start);
  await store.transact([{
    put: {
      PK: { S: pk }, SK: { S: sk }, ...usageIdentity(id, entity, resource, start), ...usageOrigin(id, entity, resource, window, start),
      total_events: int(events), ...Object.fromEntries(Object.entries(counters).map(([name, tokens]) => [name, int(tokens)])),
    },
  }]);
}
