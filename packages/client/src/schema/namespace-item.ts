import { TABLE_NAMESPACE } from '../core/identifiers.js';
import { readText, text, type Item } from './attributes.js';
import { pk, SK, sk, type PrimaryKey } from './keys.js';
import { GSI4, indexKeys, PARTITION_KEY, SORT_KEY } from './table.js';

const REGISTRY = pk.system(TABLE_NAMESPACE);

export const NAMESPACE = { id: 'namespace_id', name: 'namespace_name', status: 'status', createdAt: 'created_at', deletedAt: 'deleted_at' } as const;

/** `purging` is the state of a namespace whose items are being removed; it can only be purged to its end. */
export type NamespaceStatus = 'active' | 'deleted' | 'purging';

/** An isolated set of entities in the table. */
export interface Namespace {
  readonly id: string;
  readonly name: string;
  /** A `NamespaceStatus`, unless another client wrote something else. */
  readonly status: string;
  /** ISO 8601, seconds, UTC. */
  readonly createdAt: string | undefined;
  /** ISO 8601, seconds, UTC; undefined unless it was deleted. */
  readonly deletedAt: string | undefined;
}

/** Reads either record of a namespace. */
export function parseNamespace(item: Item): Namespace {
  return {
    id: readText(item, NAMESPACE.id) ?? '',
    name: readText(item, NAMESPACE.name) ?? '',
    status: readText(item, NAMESPACE.status) ?? '',
    createdAt: readText(item, NAMESPACE.createdAt),
    deletedAt: readText(item, NAMESPACE.deletedAt),
  };
}

/** Key of the record that finds a namespace by its name. */
export const namespaceKey = (name: string): PrimaryKey => ({ pk: REGISTRY, sk: sk.namespace(name) });

/** Key of the record that finds a namespace by its id. */
export const namespaceIdKey = (id: string): PrimaryKey => ({ pk: REGISTRY, sk: sk.namespaceId(id) });

/** Key of the record that says which schema the table has. */
export const versionKey: PrimaryKey = { pk: REGISTRY, sk: SK.version };

/** Index attributes of every record of the table's registry. */
export const registryIndexKeys: Item = indexKeys(GSI4, TABLE_NAMESPACE, REGISTRY);

/** The two records of an active namespace. */
export function namespaceItems(name: string, id: string, createdAt: string): [byName: Item, byId: Item] {
  const item = ({ pk: partition, sk: sort }: PrimaryKey): Item => ({
    [PARTITION_KEY]: text(partition),
    [SORT_KEY]: text(sort),
    [NAMESPACE.id]: text(id),
    [NAMESPACE.name]: text(name),
    [NAMESPACE.status]: text('active'),
    [NAMESPACE.createdAt]: text(createdAt),
    ...registryIndexKeys,
  });
  return [item(namespaceKey(name)), item(namespaceIdKey(id))];
}

/** Id of an active namespace; undefined when the record is missing or the namespace is deleted or being purged. */
export function activeNamespaceId(item: Item | undefined): string | undefined {
  if (item === undefined || readText(item, NAMESPACE.status) !== 'active') return undefined;
  return readText(item, NAMESPACE.id);
}
