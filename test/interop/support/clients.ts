import { Limit, RateLimiter, type AcquireRequest } from '@zae-limiter/client';
import { storedBucket } from '../../../packages/client/test/support/bucket';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../support/table';
import { Python } from './python';

/** A client of each library on one namespace of the shared table. */
export interface Clients {
  readonly table: TestTable;
  readonly python: Python;
  /** One of ours with a memory of its own, as another process would have. It always asks the bucket before it refuses. */
  ours(): Promise<RateLimiter>;
  /** Whole tokens that a bucket holds and that were consumed from it, net of what was given back, by limit name. */
  stored(request: Pick<AcquireRequest, 'entity' | 'resource'>): Promise<{ tokens: Record<string, number>; consumed: Record<string, number> }>;
  /** An entity that nobody used, on a resource of its own. */
  request(consume: Record<string, number>): AcquireRequest;
  stop(): Promise<void>;
}

/** Starts a Python client of a release, on a namespace that ours registered. Call it in `beforeAll`. */
export async function connectBoth(release: string, { configCacheSeconds = 0 } = {}): Promise<Clients> {
  const table = await connectTestTable();
  const python = Python.start(release);
  await python.connect(table.namespace, { configCacheSeconds });
  const limiters: RateLimiter[] = [];
  let names = 0;
  return {
    table,
    python,
    ours: async () => {
      const limiter = await RateLimiter.open({
        stack: table.name, namespace: table.namespace, client: table.client, timeoutMs: PATIENCE_MS, denyTtlMs: 0,
      });
      limiters.push(limiter);
      return limiter;
    },
    stored: async ({ entity, resource }) => {
      const limits = [...(await storedBucket(table, entity, resource)).limits].filter(([name]) => name !== 'wcu');
      const whole = (amounts: [string, number][]) => Object.fromEntries(amounts.map(([name, amount]) => [name, Math.floor(amount / 1000)]));
      return {
        tokens: whole(limits.map(([name, { tokens }]) => [name, tokens])),
        consumed: whole(limits.map(([name, { totalConsumed }]) => [name, totalConsumed!])),
      };
    },
    request: (consume) => ({ entity: `user-${++names}`, resource: `gpt-${names}`, consume }),
    stop: async () => {
      await Promise.all([python.stop(), ...limiters.map((limiter) => limiter.close())]);
      table.client.destroy();
    },
  };
}

/** A limit that does not refill while a test runs. */
export const still = (name: string, capacity: number): Limit => Limit.custom(name, { capacity, refillAmount: 1, refillPeriodSeconds: 86_400 });
