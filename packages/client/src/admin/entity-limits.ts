import type { Limit } from '../core/limit.js';
import { readText } from '../schema/attributes.js';
import { parseLimits } from '../schema/config-item.js';
import { pk, SK } from '../schema/keys.js';
import { SORT_KEY } from '../schema/table.js';
import type { Store } from '../store/store.js';

/** Limits that an entity has of its own. */
export interface EntityLimits {
  /** `_default_` for those that apply to every resource without others. */
  readonly resource: string;
  readonly limits: readonly Limit[];
}

const PREFIX = `${SK.config}#`;

/**
 * All limits of an entity, by resource, also those that no registry lists (W38).
 *
 * Cost: 1 read for each page of up to 1 MB.
 *
 * @throws {CorruptRecordError} a limit cannot be read
 */
export async function entityLimits(store: Store, namespaceId: string, entity: string): Promise<EntityLimits[]> {
  const found: EntityLimits[] = [];
  for await (const item of store.query({ partition: pk.entity(namespaceId, entity), prefix: PREFIX, consistent: true })) {
    found.push({ resource: readText(item, SORT_KEY)!.slice(PREFIX.length), limits: parseLimits(item) });
  }
  return found;
}
