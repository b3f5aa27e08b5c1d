import type { BucketKey } from '../core/bucket.js';
import { CorruptRecordError } from '../core/errors.js';

/** Sort keys that are the same in every partition. */
export const SK = {
  entity: '#META',
  bucket: '#STATE',
  config: '#CONFIG',
  resources: '#RESOURCES',
  entityConfigResources: '#ENTITY_CONFIG_RESOURCES',
  version: '#VERSION',
  provisioner: '#PROVISIONER',
} as const;

/** Beginnings of the sort keys that end in an id. */
export const SK_PREFIX = {
  usage: '#USAGE#',
  audit: '#AUDIT#',
  namespace: '#NAMESPACE#',
  namespaceId: '#NSID#',
} as const;

/** Primary key of an item. */
export interface PrimaryKey {
  readonly pk: string;
  readonly sk: string;
}

/** Partition keys. Every one starts with the namespace id; `#` cannot occur in an id, so keys never collide. */
export const pk = {
  entity: (ns: string, entity: string): string => `${ns}/ENTITY#${entity}`,
  bucket: ({ namespaceId, entity, resource, shard }: BucketKey): string => `${namespaceId}/BUCKET#${entity}#${resource}#${shard}`,
  resource: (ns: string, resource: string): string => `${ns}/RESOURCE#${resource}`,
  system: (ns: string): string => `${ns}/SYSTEM#`,
  audit: (ns: string, entity: string): string => `${ns}/AUDIT#${entity}`,
} as const;

/** Sort keys that end in an id. */
export const sk = {
  entityConfig: (resource: string): string => `${SK.config}#${resource}`,
  usage: (resource: string, windowStart: string): string => `${SK_PREFIX.usage}${resource}#${windowStart}`,
  audit: (eventId: string): string => `${SK_PREFIX.audit}${eventId}`,
  namespace: (name: string): string => `${SK_PREFIX.namespace}${name}`,
  namespaceId: (id: string): string => `${SK_PREFIX.namespaceId}${id}`,
} as const;

/** Index keys. */
export const gsi = {
  parent: (ns: string, parent: string): string => `${ns}/PARENT#${parent}`,
  child: (entity: string): string => `CHILD#${entity}`,
  resourceBucket: (entity: string, shard: number): string => `BUCKET#${entity}#${shard}`,
  resourceUsage: (windowStart: string, entity: string): string => `USAGE#${windowStart}#${entity}`,
  entityBucket: (resource: string, shard: number): string => `BUCKET#${resource}#${shard}`,
  entityConfig: (ns: string, resource: string): string => `${ns}/ENTITY_CONFIG#${resource}`,
  namespaceBucket: (entity: string, resource: string, shard: number): string => `BUCKET#${entity}#${resource}#${shard}`,
} as const;

/** Per-limit fields of a bucket: tokens, capacity, refill amount, refill period, total consumed. */
export type BucketField = 'tk' | 'cp' | 'ra' | 'rp' | 'tc';
/** Per-limit fields of a config: capacity, refill amount, refill period. */
export type ConfigField = 'cp' | 'ra' | 'rp';

export const BUCKET_ATTRIBUTE_PREFIX = 'b_';
export const CONFIG_ATTRIBUTE_PREFIX = 'l_';

export const bucketAttribute = (limit: string, field: BucketField): string => `${BUCKET_ATTRIBUTE_PREFIX}${limit}_${field}`;
export const configAttribute = (limit: string, field: ConfigField): string => `${CONFIG_ATTRIBUTE_PREFIX}${limit}_${field}`;

/** Splits `b_{limit}_{field}` at the last underscore; undefined when the name has no limit in it. */
export function parseLimitAttribute(prefix: string, name: string): { limit: string; field: string } | undefined {
  const last = name.lastIndexOf('_');
  if (!name.startsWith(prefix) || last <= prefix.length) return undefined;
  return { limit: name.slice(prefix.length, last), field: name.slice(last + 1) };
}

/** Splits a partition key at its first slash. */
export function parsePartition(key: string): { namespaceId: string; rest: string } {
  const slash = key.indexOf('/');
  if (slash < 0) throw new CorruptRecordError('PK', key, 'must start with a namespace id and a slash');
  return { namespaceId: key.slice(0, slash), rest: key.slice(slash + 1) };
}

const BUCKET_PARTITION = /^BUCKET#([^#]*)#(.*)#(\d+)$/s;

/** Takes a bucket's partition key apart. */
export function parseBucketKey(key: string): BucketKey {
  const { namespaceId, rest } = parsePartition(key);
  const match = BUCKET_PARTITION.exec(rest);
  if (match === null) throw new CorruptRecordError('PK', key, 'must look like {ns}/BUCKET#{entity}#{resource}#{shard}');
  const [, entity, resource, shard] = match as unknown as [string, string, string, string];
  return { namespaceId, entity, resource, shard: Number(shard) };
}

/** What the key of an audit event says about it. */
export interface AuditKey {
  readonly namespaceId: string;
  /** Entity, `$RESOURCE:{resource}` or `$SYSTEM`. */
  readonly entity: string;
  readonly eventId: string;
}

const AUDIT_PARTITION = /^(.*?)\/AUDIT#(.*)$/s;

/** Takes an audit event's key apart; undefined when it is the key of something else. */
export function parseAuditKey({ pk: partition, sk: sort }: PrimaryKey): AuditKey | undefined {
  const match = AUDIT_PARTITION.exec(partition);
  if (match === null || !sort.startsWith(SK_PREFIX.audit)) return undefined;
  const [, namespaceId, entity] = match as unknown as [string, string, string];
  return { namespaceId, entity, eventId: sort.slice(SK_PREFIX.audit.length) };
}
