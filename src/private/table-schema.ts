/**
 * Names of the table that other programs share: the client, the Lambdas and the Python library.
 * `spec/table.json` holds the same names as data; a test keeps the two equal. Changing one is a breaking change.
 */
export const SCHEMA_VERSION = '0.10.0';

export const PARTITION_KEY = 'PK';
export const SORT_KEY = 'SK';
export const TTL_ATTRIBUTE = 'ttl';

/** Whether an index holds whole items or keys only. */
export type Projection = 'ALL' | 'KEYS_ONLY';

export interface IndexSchema {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly projection: Projection;
}

export const GLOBAL_INDEXES: readonly IndexSchema[] = ([['1', 'ALL'], ['2', 'ALL'], ['3', 'KEYS_ONLY'], ['4', 'KEYS_ONLY']] as const)
  .map(([number, projection]) => ({ name: `GSI${number}`, partitionKey: `GSI${number}PK`, sortKey: `GSI${number}SK`, projection }));

/** Local indexes that tables of schema 0.10.0 may have. Nothing writes their keys. */
export const RESERVED_LOCAL_INDEXES: readonly Omit<IndexSchema, 'partitionKey'>[] = ['1', '2', '3', '4', '5']
  .map((number, at) => ({ name: `LSI${number}`, sortKey: `LSI${number}SK`, projection: at % 2 === 0 ? 'ALL' : 'KEYS_ONLY' }));

/** Sort key of every bucket item. */
export const BUCKET_SORT_KEY = '#STATE';
