import { bool, fromAttribute, readBool, readText, text, toAttribute, type Item, type Plain } from './attributes.js';
import { gsi, pk, SK, type PrimaryKey } from './keys.js';
import { GSI1, GSI4, indexKeys, PARTITION_KEY, SORT_KEY } from './table.js';
import type { Change } from './update.js';

/** Who is limited. */
export interface Entity {
  readonly id: string;
  readonly name: string | undefined;
  /** Entity that shares this one's consumption when `cascade` is set. */
  readonly parentId: string | undefined;
  /** Whether consumption is also charged to the parent. */
  readonly cascade: boolean;
  readonly metadata: Readonly<Record<string, Plain>>;
  /** ISO 8601, seconds, UTC. */
  readonly createdAt: string | undefined;
}

export const ENTITY = { id: 'entity_id', name: 'name', parent: 'parent_id', cascade: 'cascade', metadata: 'metadata', createdAt: 'created_at' } as const;

export const entityKey = (ns: string, id: string): PrimaryKey => ({ pk: pk.entity(ns, id), sk: SK.entity });

/** An entity as it is stored. */
export function entityItem(ns: string, { id, name = id, parentId, cascade, metadata, createdAt }: Entity): Item {
  const { pk: partition, sk } = entityKey(ns, id);
  return {
    [PARTITION_KEY]: text(partition),
    [SORT_KEY]: text(sk),
    [ENTITY.id]: text(id),
    [ENTITY.name]: text(name),
    [ENTITY.parent]: toAttribute(parentId ?? null),
    [ENTITY.cascade]: bool(cascade),
    [ENTITY.metadata]: toAttribute(metadata),
    ...(createdAt !== undefined && { [ENTITY.createdAt]: text(createdAt) }),
    ...indexKeys(GSI4, ns, partition),
    ...(parentId !== undefined && childKeys(ns, parentId, id)),
  };
}

/** Moves an entity under another parent, or under none. */
export function parentChanges(ns: string, id: string, parentId: string | undefined): [string, Change][] {
  const keys = Object.entries(childKeys(ns, parentId ?? '', id));
  return [
    [ENTITY.parent, { set: toAttribute(parentId ?? null) }],
    ...keys.map(([name, value]): [string, Change] => [name, parentId === undefined ? { remove: true } : { set: value }]),
  ];
}

const childKeys = (ns: string, parentId: string, id: string): Item => indexKeys(GSI1, gsi.parent(ns, parentId), gsi.child(id));

/** Reads an entity item. */
export function parseEntity(item: Item): Entity {
  const metadata = item[ENTITY.metadata];
  return {
    id: readText(item, ENTITY.id) ?? '',
    name: readText(item, ENTITY.name),
    parentId: readText(item, ENTITY.parent),
    cascade: readBool(item, ENTITY.cascade),
    metadata: metadata !== undefined && 'M' in metadata ? (fromAttribute(metadata) as Record<string, Plain>) : {},
    createdAt: readText(item, ENTITY.createdAt),
  };
}
