import { fromAttribute, readBool, readText, type Item, type Plain } from './attributes.js';

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
