/**
 * Names of the table that other programs share: the Python library, the construct and the Lambdas.
 * `spec/table.json` holds the same names as data; a test keeps the two equal. Changing one is a breaking change.
 */

/** Version of the record formats. The part before the first dot must equal the table's. */
export const SCHEMA_VERSION = '0.10.0';

export const PARTITION_KEY = 'PK';
export const SORT_KEY = 'SK';
/** Epoch seconds; DynamoDB deletes the item some time after. */
export const TTL_ATTRIBUTE = 'ttl';

export interface IndexNames {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly projection: 'ALL' | 'KEYS_ONLY';
}

const index = (number: number, projection: IndexNames['projection']): IndexNames =>
  ({ name: `GSI${number}`, partitionKey: `GSI${number}PK`, sortKey: `GSI${number}SK`, projection });

/** Children of a parent. */
export const GSI1 = index(1, 'ALL');
/** Usage of a resource; buckets of a resource, as Python clients write them. */
export const GSI2 = index(2, 'ALL');
/** Entity configs of a resource; buckets of an entity. */
export const GSI3 = index(3, 'KEYS_ONLY');
/** Everything in a namespace. */
export const GSI4 = index(4, 'KEYS_ONLY');

/** Attributes of an index that an item appears in. */
export function indexKeys({ partitionKey, sortKey }: IndexNames, pk: string, sk: string): Record<string, { S: string }> {
  return { [partitionKey]: { S: pk }, [sortKey]: { S: sk } };
}
