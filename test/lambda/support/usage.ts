import type { UsageAdmin, UsageFilter, UsageSnapshot } from '@zae-limiter/client';

/** What an operator sees of an entity's usage. */
export async function usageOf(usage: UsageAdmin, filter: UsageFilter): Promise<UsageSnapshot[]> {
  const snapshots: UsageSnapshot[] = [];
  for await (const snapshot of usage.list(filter)) snapshots.push(snapshot);
  return snapshots;
}
