import { Limit, RateLimiter, type AcquireRequest } from '@zae-limiter/client';
import { FakeClock } from '@zae-limiter/client/testing';
import { connectTestTable, PATIENCE_MS, type TestTable } from '../../../../test/support/table';

/** Limits that are stored for resource `gpt-4`. */
export const limits = [Limit.perMinute('rpm', 100), Limit.perMinute('tpm', 10_000)];

/** A table with those limits, and a function that makes new processes on it. */
export async function connectWithLimits() {
  const table: TestTable = await connectTestTable();
  let entities = 0;
  /** A limiter with its own memory, as another process would have, and an entity that nobody used. */
  const setUp = ({ clock = new FakeClock(), entity = `user-${++entities}` } = {}) => {
    const limiter = new RateLimiter({ timeoutMs: PATIENCE_MS, store: table.store, namespaceId: table.namespaceId, clock });
    const request = (consume: Record<string, number>, more: Partial<AcquireRequest> = {}): AcquireRequest =>
      ({ entity, resource: 'gpt-4', consume, ...more });
    return { limiter, clock, entity, request };
  };
  await setUp().limiter.admin.limits.set(limits, { resource: 'gpt-4' });
  return { table, setUp };
}
