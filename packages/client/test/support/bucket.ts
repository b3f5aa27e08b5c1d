import type { BucketState } from '@zae-limiter/client/core/bucket';
import type { Item } from '@zae-limiter/client/schema/attributes';
import { parseBucket } from '@zae-limiter/client/schema/bucket-item';
import { pk, SK } from '@zae-limiter/client/schema/keys';
import { PARTITION_KEY, SORT_KEY } from '@zae-limiter/client/schema/table';
import { setAll } from '@zae-limiter/client/schema/update';
import type { TestTable } from '../../../../test/support/table';

const keyOf = ({ namespaceId }: TestTable, entity: string, resource: string) =>
  ({ pk: pk.bucket({ namespaceId, entity, resource, shard: 0 }), sk: SK.bucket });

/** The item of a bucket, read consistently. */
export async function bucketItem(table: TestTable, entity: string, resource: string): Promise<Item | undefined> {
  return table.store.get(keyOf(table, entity, resource), { consistent: true });
}

/** A bucket as it is stored. */
export async function storedBucket(table: TestTable, entity: string, resource: string): Promise<BucketState> {
  return parseBucket((await bucketItem(table, entity, resource))!);
}

/** Whole tokens that are stored for a limit. */
export async function storedTokens(table: TestTable, entity: string, resource: string, limit: string): Promise<number> {
  return (await storedBucket(table, entity, resource)).limits.get(limit)!.tokens / 1000;
}

/** Changes attributes of a bucket behind the back of every limiter. */
export async function tamper(table: TestTable, entity: string, resource: string, attributes: Item): Promise<void> {
  await table.store.update({ key: keyOf(table, entity, resource), changes: new Map(setAll(attributes)), conditions: [] });
}

/** Takes a bucket away, as its expiry does. */
export async function deleteBucket(table: TestTable, entity: string, resource: string): Promise<void> {
  await table.store.transact([{ delete: keyOf(table, entity, resource) }]);
}

/** Writes any item into the table. */
export async function putItem(table: TestTable, key: { readonly pk: string; readonly sk: string }, attributes: Item): Promise<void> {
  await table.store.transact([{ put: { [PARTITION_KEY]: { S: key.pk }, [SORT_KEY]: { S: key.sk }, ...attributes } }]);
}
